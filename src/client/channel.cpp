#include "client/channel.hpp"

#include <algorithm>

namespace tern::client {

namespace {

// Every reply is numbered one above its request, but exchange.unbind-ok and basic.get-empty.
bool answers(amqp::MethodId id, amqp::MethodId asked) noexcept {
  const auto is = [&](amqp::MethodId reply, amqp::MethodId request) {
    return id.key() == reply.key() && asked.key() == request.key();
  };
  return (id.class_id == asked.class_id && id.method_id == asked.method_id + 1) ||
         is(amqp::ExchangeUnbindOk::info.id, amqp::ExchangeUnbind::info.id) ||
         is(amqp::BasicGetEmpty::info.id, amqp::BasicGet::info.id);
}

}  // namespace

bool Channel::on_reply(amqp::MethodId id, const Reply& reply) {
  if (pending_.empty() || !answers(id, pending_.front().method)) return false;
  const OnReply done = std::move(pending_.front().on_reply);
  pending_.pop_front();
  if (done) done(reply);
  return true;
}

void Channel::on_closed(const error_info& why) {
  while (!pending_.empty()) {
    const OnReply done = std::move(pending_.front().on_reply);
    pending_.pop_front();
    if (done) done({.error = &why});
  }
  if (listener_ != nullptr) listener_->channel_closed(why);
}

bool Channel::on_deliver(const amqp::BasicDeliver& method) {
  if (is_assembling()) return false;
  is_return_ = false;
  tag_ = method.delivery_tag;
  is_redelivered_ = method.redelivered;
  begin_content(method.exchange, method.routing_key);
  return true;
}

bool Channel::on_get_ok(const amqp::BasicGetOk& method) {
  if (is_assembling() || !on_reply(amqp::BasicGetOk::info.id, {})) return false;
  is_return_ = false;
  tag_ = method.delivery_tag;
  is_redelivered_ = method.redelivered;
  begin_content(method.exchange, method.routing_key);
  return true;
}

bool Channel::on_return(const amqp::BasicReturn& method) {
  if (is_assembling()) return false;
  is_return_ = true;
  reply_code_ = method.reply_code;
  reply_text_ = method.reply_text;
  begin_content(method.exchange, method.routing_key);
  return true;
}

void Channel::begin_content(Bytes exchange, Bytes routing_key) noexcept {
  assembly_ = Assembly::header_due;
  exchange_ = exchange;
  routing_key_ = routing_key;
  is_kept_ = false;
}

bool Channel::on_header(const amqp::ContentHeader& header, SlabLease& lease) {
  if (assembly_ != Assembly::header_due) return false;
  body_bytes_ = header.body_bytes;
  if (is_kept_)
    kept_properties_ = header.properties;
  else
    properties_ = header.properties;
  body_ = {};
  kept_body_.clear();
  assembly_ = Assembly::body_due;
  if (body_bytes_ == 0) finish_content(lease);
  return true;
}

bool Channel::on_body(Bytes piece, SlabLease& lease) {
  if (assembly_ != Assembly::body_due) return false;
  const std::size_t so_far = is_kept_ ? kept_body_.size() : body_.size();
  if (piece.size() > body_bytes_ - so_far) return false;
  const bool is_whole = piece.size() == body_bytes_;
  // A body in one frame stays where it is; pieces of one are put together.
  if (!is_kept_ && !is_whole && body_.empty()) keep();
  if (is_kept_)
    kept_body_.append(piece);
  else
    body_ = piece;
  if (so_far + piece.size() == body_bytes_) finish_content(lease);
  return true;
}

void Channel::keep() {
  if (!is_assembling() || is_kept_) return;
  kept_names_.assign(exchange_).append(routing_key_);
  const std::size_t exchange_bytes = exchange_.size();
  const std::size_t key_bytes = routing_key_.size();
  exchange_ = Bytes(kept_names_.data(), exchange_bytes);
  routing_key_ = Bytes(kept_names_.data() + exchange_bytes, key_bytes);
  if (assembly_ == Assembly::body_due) kept_properties_ = properties_;
  kept_body_.clear();
  is_kept_ = true;
}

content Channel::take_content(SlabLease& lease) {
  content result;
  if (!is_kept_) {
    lease.hand_out();
    result.memory = ternmq::detail::storage(lease.get());
    result.exchange = exchange_;
    result.routing_key = routing_key_;
    result.properties = properties_;
    result.body = body_;
    return result;
  }
  Slab* slab =
      Slab::create_exact(kept_names_.size() + kept_properties_.size() + kept_body_.size() + 1);
  result.memory = ternmq::detail::storage(slab);
  const auto copy = [slab](Bytes from) {
    char* to = slab->free_begin();
    std::copy(from.begin(), from.end(), to);
    slab->advance(from.size());
    return Bytes(to, from.size());
  };
  result.exchange = copy(exchange_);
  result.routing_key = copy(routing_key_);
  result.properties = copy(kept_properties_);
  result.body = copy(kept_body_);
  return result;
}

void Channel::finish_content(SlabLease& lease) {
  assembly_ = Assembly::idle;
  content message = take_content(lease);
  if (kept_body_.capacity() > Slab::standard_bytes) std::string().swap(kept_body_);
  if (listener_ == nullptr || is_closing_) return;
  if (is_return_)
    listener_->returned({reply_code_, reply_text_}, std::move(message));
  else
    listener_->delivered(tag_, is_redelivered_, std::move(message));
}

}  // namespace tern::client
