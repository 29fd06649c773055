#include "ternmq/delivery.hpp"

#include "client/convert.hpp"
#include "client/handles.hpp"

namespace ternmq {
namespace {

using tern::PropertiesView;
using tern::Property;

// The entry in detail::content was checked when the message came, or is malformed and reads empty.
std::string_view text_of(std::string_view properties, Property property) noexcept {
  const auto view = PropertiesView::decode(properties, PropertiesView::Headers::trust);
  return view ? view->get(property) : std::string_view();
}

}  // namespace

void detail::storage::drop(tern::Slab* slab) noexcept {
  slab->drop_references(1);
}

message_properties received_message::properties() const {
  return tern::client::to_properties(content_.properties);
}
std::string_view received_message::content_type() const noexcept {
  return text_of(content_.properties, Property::content_type);
}
std::string_view received_message::correlation_id() const noexcept {
  return text_of(content_.properties, Property::correlation_id);
}
std::string_view received_message::reply_to() const noexcept {
  return text_of(content_.properties, Property::reply_to);
}
std::string_view received_message::message_id() const noexcept {
  return text_of(content_.properties, Property::message_id);
}
std::string_view received_message::type() const noexcept {
  return text_of(content_.properties, Property::type);
}

value received_message::header(std::string_view name) const {
  const tern::TableView headers(text_of(content_.properties, Property::headers));
  const auto found = headers.find(name);
  if (!found) return {};
  const auto decoded = found->decode();
  return decoded ? tern::client::to_value(*decoded) : value();
}

message received_message::copy() const {
  return {std::string(exchange()), std::string(routing_key()), std::string(body()), properties()};
}

delivery::delivery(detail::content content, std::shared_ptr<detail::consumer_state> consumer,
                   std::uint64_t epoch, std::uint64_t tag, bool redelivered) noexcept
    : received_message(std::move(content)),
      consumer_(std::move(consumer)),
      epoch_(epoch),
      tag_(tag),
      redelivered_(redelivered) {}

delivery& delivery::operator=(delivery&& other) noexcept {
  if (this == &other) return *this;
  forget();
  received_message::operator=(std::move(other));
  consumer_ = std::move(other.consumer_);
  epoch_ = other.epoch_;
  tag_ = other.tag_;
  redelivered_ = other.redelivered_;
  return *this;
}

delivery::~delivery() {
  forget();
}

void delivery::forget() noexcept {
  if (consumer_ == nullptr) return;
  if (consumer_->is_current(epoch_)) consumer_->note_forgotten(tag_);
  settle(verdict::requeue);
}

error_code delivery::settle(verdict how) {
  if (consumer_ == nullptr) return make_error_code(errc::already_settled);
  const auto consumer = std::exchange(consumer_, nullptr);
  if (!consumer->is_current(epoch_)) return make_error_code(errc::delivery_expired);
  const auto which = static_cast<tern::client::Verdict>(how);
  consumer->owner()->enter([consumer, epoch = epoch_, tag = tag_, which](auto&) {
    consumer->part().settle(epoch, tag, which);
  });
  return {};
}

error_code delivery::ack() {
  return settle(verdict::ack);
}
error_code delivery::ack_up_to_here() {
  return settle(verdict::ack_up_to);
}
error_code delivery::nack(requeue again) {
  return settle(again == requeue::yes ? verdict::requeue : verdict::reject);
}
error_code delivery::reject(requeue again) {
  return nack(again);
}

std::int64_t delivery::delivery_count() const {
  return header("x-delivery-count").integer(redelivered_ ? 1 : 0);
}

}  // namespace ternmq
