#include "outbox/row.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace tern::outbox {
namespace {

using nlohmann::json;

constexpr std::size_t short_text_bytes_max = 255;
// A message's properties travel in one frame. TernMQ and RabbitMQ take frames of 131072 octets; the
// other properties and the frame itself need some of it. More would end the connection, over and
// over, and no other row would get through.
constexpr std::size_t headers_bytes_max = 120'000;
constexpr int depth_max = 16;

Error too_long(std::string_view column, std::size_t bytes) {
  return {fmt::format("{} has {} octets, {} are allowed", column, bytes, short_text_bytes_max)};
}

// Turns JSON into the typed values of AMQP, and counts what they take on the wire.
class HeaderReader {
 public:
  Result<ternmq::table> read(const json& object) {
    auto table = to_table(object, 0);
    if (table && bytes_ > headers_bytes_max)
      return Error{
          fmt::format("headers take {} octets, {} are allowed", bytes_, headers_bytes_max)};
    return table;
  }

 private:
  Result<ternmq::value> to_value(const json& from, int depth) {
    if (depth > depth_max)
      return Error{fmt::format("headers are nested deeper than {}", depth_max)};
    bytes_ += value_bytes;
    switch (from.type()) {
      case json::value_t::boolean:
        return ternmq::value(from.get<bool>());
      case json::value_t::number_integer:
        return ternmq::value(from.get<std::int64_t>());
      case json::value_t::number_unsigned:
        if (from.get<std::uint64_t>() > INT64_MAX)
          return Error{fmt::format("headers hold {}, which has more than 64 bits", from.dump())};
        return ternmq::value(from.get<std::int64_t>());
      case json::value_t::number_float:
        return ternmq::value(from.get<double>());
      case json::value_t::string:
        bytes_ += from.get_ref<const std::string&>().size();
        return ternmq::value(from.get<std::string>());
      case json::value_t::object:
        return wrapped(to_table(from, depth));
      case json::value_t::array:
        return wrapped(to_array(from, depth));
      default:
        return ternmq::value();
    }
  }

  template <class T>
  static Result<ternmq::value> wrapped(Result<T>&& part) {
    if (!part) return part.error();
    return ternmq::value(std::move(*part));
  }

  Result<ternmq::array> to_array(const json& list, int depth) {
    ternmq::array values;
    for (const json& element : list) {
      auto value = to_value(element, depth + 1);
      if (!value) return value.error();
      values.push_back(std::move(*value));
    }
    return values;
  }

  Result<ternmq::table> to_table(const json& object, int depth) {
    ternmq::table table;
    for (const auto& [name, element] : object.items()) {
      if (name.size() > short_text_bytes_max) return too_long("the name of a header", name.size());
      bytes_ += 1 + name.size();
      auto value = to_value(element, depth + 1);
      if (!value) return value.error();
      table.set(name, std::move(*value));
    }
    return table;
  }

  // A tag, and a number of 64 bits or a length.
  static constexpr std::size_t value_bytes = 9;

  std::size_t bytes_ = 0;
};

Result<ternmq::table> parse_headers(const std::string& text) {
  if (text.empty()) return ternmq::table();
  const json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded())
    return Error{"headers cannot be read as JSON, or hold a number that no double can"};
  if (parsed.is_null()) return ternmq::table();
  if (!parsed.is_object())
    return Error{fmt::format("headers are a JSON {}, an object is needed", parsed.type_name())};
  return HeaderReader().read(parsed);
}

}  // namespace

Result<ternmq::message> to_message(const Row& row, const std::string& deduplication_header) {
  const std::pair<std::string_view, const std::string*> short_texts[] = {
      {"exchange", &row.exchange},
      {"routing_key", &row.routing_key},
      {"message_id", &row.message_id},
      {"content_type", &row.content_type},
      {"type", &row.type},
      {"correlation_id", &row.correlation_id},
  };
  for (const auto& [column, text] : short_texts)
    if (text->size() > short_text_bytes_max) return too_long(column, text->size());
  auto headers = parse_headers(row.headers);
  if (!headers) return headers.error();
  ternmq::message message(row.exchange, row.routing_key, row.body);
  message.properties.headers = std::move(*headers);
  message.properties.headers.set(deduplication_header, row.message_id);
  message.properties.message_id = row.message_id;
  message.properties.content_type = row.content_type;
  message.properties.type = row.type;
  message.properties.correlation_id = row.correlation_id;
  return message;
}

}  // namespace tern::outbox
