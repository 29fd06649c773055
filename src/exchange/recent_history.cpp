// Remembering messages (recent_history.hpp).
#include "exchange/recent_history.hpp"

#include "base/ensure.hpp"
#include "message/field_text.hpp"
#include "message/properties.hpp"
#include "message/table_view.hpp"

namespace tern::exchange {
namespace {

constexpr std::string_view length_name = "x-recent-history-length";

bool is_not_to_be_stored(const Message& message) noexcept {
  const auto field =
      TableView(PropertiesView::of(message).headers()).find("x-recent-history-no-store");
  return field && field->tag == 't' && field->content != Bytes("\0", 1);
}

// As Erlang shows it, which is what RabbitMQ does in this text.
std::string shown(const FieldValue& value) {
  const auto* const text = value.as<std::string>();
  return text == nullptr ? field_text(value) : erlang_binary(*text);
}

}  // namespace

Result<void> RecentHistory::check_exchange(const FieldTable& arguments) {
  const FieldValue* const length = arguments.find(length_name);
  if (length == nullptr || (length->is_integer() && length->integer() > 0)) return {};
  return Error{"Invalid argument " + shown(*length) +
               ", 'x-recent-history-length' must be a positive integer"};
}

RecentHistory::Limits RecentHistory::limits_of(const FieldTable& arguments) noexcept {
  Limits limits;
  const FieldValue* const length = arguments.find(length_name);
  if (length != nullptr && length->is_integer() && length->integer() > 0)
    limits.count_max = static_cast<std::size_t>(length->integer());
  return limits;
}

void RecentHistory::remember(const MessageRef& message) {
  ensure(message.get() != nullptr, "no message to remember");
  if (is_not_to_be_stored(*message)) return;
  messages_.push_back(message->shares_slab() ? MessageRef::copy(*message) : message);
  bytes_ += message->bytes();
  while (messages_.size() > limits_.count_max || bytes_ > limits_.bytes_max) {
    bytes_ -= messages_.front()->bytes();
    messages_.pop_front();
  }
}

}  // namespace tern::exchange
