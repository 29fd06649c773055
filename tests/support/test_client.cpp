#include "support/test_client.hpp"

#include "message/delivery_time.hpp"

#include "base/ensure.hpp"
#include "broker/router.hpp"
#include "message/properties.hpp"

namespace tern::test {

using broker::OperationNumber;

broker::QueueSpec durable_queue(FieldTable arguments) {
  broker::QueueSpec spec;
  spec.durable = true;
  spec.arguments = std::move(arguments);
  return spec;
}

broker::QueueSpec automatic_queue() {
  broker::QueueSpec spec;
  spec.auto_delete = true;
  return spec;
}

broker::QueueSpec exclusive_queue() {
  broker::QueueSpec spec;
  spec.exclusive = true;
  return spec;
}

broker::ExchangeSpec durable_exchange() {
  broker::ExchangeSpec spec;
  spec.durable = true;
  return spec;
}

broker::ExchangeSpec automatic_exchange() {
  broker::ExchangeSpec spec;
  spec.auto_delete = true;
  return spec;
}

MessageRef make_message(const Post& post) {
  std::string names;
  names += static_cast<char>(post.exchange.size());
  names += post.exchange;
  names += static_cast<char>(post.key.size());
  names += post.key;
  Properties properties;
  if (post.persistent) properties.delivery_mode = 2;
  if (!post.headers.empty()) properties.headers = post.headers;
  if (post.priority > 0) properties.priority = post.priority;
  if (post.expiration_ms) properties.expiration = std::to_string(*post.expiration_ms);
  if (!post.message_id.empty()) properties.message_id = post.message_id;
  const std::string encoded = encode_properties(properties);
  MessageParts parts{.names = names,
                     .properties = encoded,
                     .body = post.body,
                     .persistent = post.persistent,
                     .priority = post.priority};
  parts.has_ttl = post.expiration_ms.has_value();
  parts.ttl_ms = post.expiration_ms.value_or(0);
  parts.is_timed =
      properties.headers && asks_for_delivery_time(encode_entries(*properties.headers));
  return MessageRef::gather(parts);
}

Bytes headers_of(const Message& message) {
  const auto view = PropertiesView::decode(message.properties());
  ensure(view.has_value(), "properties of a test's message");
  return view->headers();
}

TestClient::TestClient(broker::Broker& broker, std::uint32_t shards, std::function<void()> touched)
    : broker_(broker), shards_(shards), touched_(std::move(touched)) {
  const auto user = broker_.authenticate("guest", "guest", true);
  ensure(user.has_value(), "the test's user may log in");
  caller.user = *user;
  caller.session = broker_.attach(*this);
  const auto vhost = broker_.open_vhost(caller.session, **user, "/");
  ensure(vhost.has_value(), "the virtual host is there");
  caller.vhost = *vhost;
}

OperationNumber TestClient::begun() {
  return ++last_operation_;
}

OperationNumber TestClient::declare(const std::string& name, broker::QueueSpec spec) {
  spec.name = name;
  broker_.declare_queue(caller, std::move(spec), begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::declare_exchange(const std::string& name, const std::string& type,
                                             broker::ExchangeSpec spec) {
  spec.name = name;
  spec.type = type;
  broker_.declare_exchange(caller, std::move(spec), begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::bind(const std::string& source, const std::string& queue,
                                 const std::string& key, FieldTable arguments) {
  broker_.bind(caller, {source, queue, false, key, std::move(arguments)}, begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::remove(const std::string& name, bool if_unused, bool if_empty) {
  broker_.delete_queue(caller, name, if_unused, if_empty, begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::find(const std::string& name) {
  broker_.find_queue(caller, name, begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::get(const std::string& name, bool auto_ack) {
  broker_.get(caller, name, auto_ack, begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::purge(const std::string& name) {
  broker_.purge(caller, name, begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::commit(broker::Transaction&& transaction) {
  broker_.commit(caller, std::move(transaction), begun());
  touched_();
  return last_operation_;
}

OperationNumber TestClient::consume(const std::string& name, queue::ConsumerSpec spec,
                                    const FieldTable& arguments) {
  if (spec.id.number == 0) spec.id.number = ++last_consumer_;
  spec.id.session = caller.session;
  consuming_[begun()] = spec.id.number;
  broker_.consume(caller, name, spec, arguments, last_operation_);
  touched_();
  return last_operation_;
}

OperationNumber TestClient::cancel(ConsumerNumber consumer) {
  cancelling_[begun()] = consumer;
  broker_.cancel(consumers.at(consumer), {caller.session, consumer}, last_operation_);
  touched_();
  return last_operation_;
}

std::optional<std::size_t> TestClient::publish(const Post& post) {
  MessageRef message = make_message(post);
  const auto targets = broker_.route(caller, message, headers_of(*message), cache_);
  if (!targets) return std::nullopt;
  ++sequence;
  broker_.enqueue(*targets, std::move(message), {caller.session, 1, sequence});
  touched_();
  return targets->size();
}

broker::Transaction::Publish TestClient::routed(const Post& post) {
  MessageRef message = make_message(post);
  const auto targets = broker_.route(caller, message, headers_of(*message), cache_);
  ensure(targets.has_value(), "routed");
  return {{targets->begin(), targets->end()}, std::move(message)};
}

broker::QueueAddress TestClient::address_of(QueueId queue) const {
  return broker::address_of(queue, shards_);
}

void TestClient::settle(const Received& one, queue::Settlement settlement) {
  const queue::Delivery& delivery = one.delivery;
  const Position position = delivery.position;
  const QueueId queue = delivery.queue;
  const ConsumerNumber consumer = one.consumer;
  ensure(unacked_.erase({raw(queue), position}) == 1, "settling what is not unacked");
  broker_.settle(address_of(queue), {caller.session, consumer}, {&position, 1}, settlement);
  touched_();
}

void TestClient::forget(const Received& one) {
  unacked_.erase({raw(one.delivery.queue), one.delivery.position});
}

void TestClient::permit(ConsumerNumber consumer, std::uint32_t count) {
  broker_.permit(consumers.at(consumer), {caller.session, consumer}, count);
  touched_();
}

void TestClient::drained(ConsumerNumber consumer, std::uint64_t bytes) {
  broker_.drained(consumers.at(consumer), {caller.session, consumer}, bytes);
  touched_();
}

void TestClient::leave() {
  ensure(!is_gone, "a client leaves once");
  for (const auto& [number, address] : consumers)
    broker_.cancel(address, {caller.session, number}, 0);
  for (const auto& [key, consumer] : unacked_) {
    const Position position = key.second;
    broker_.settle(address_of(QueueId{key.first}), {caller.session, consumer}, {&position, 1},
                   queue::Settlement::abandoned);
  }
  unacked_.clear();
  is_gone = true;
  broker_.detach(caller.session);
  touched_();
}

broker::OperationResult TestClient::result(OperationNumber operation) {
  const auto at = results.find(operation);
  ensure(at != results.end(), "an operation has not ended");
  broker::OperationResult result = std::move(at->second);
  results.erase(at);
  return result;
}

std::string TestClient::taken() {
  std::string text;
  for (; taken_ < received.size(); ++taken_) {
    const Received& one = received[taken_];
    text += (text.empty() ? "" : " ") + std::to_string(one.consumer) + ":" + one.body +
            (one.delivery.redelivered ? "*" : "");
  }
  return text;
}

// --- Session
// --------------------------------------------------------------------------------------

void TestClient::deliver(const ConsumerId& consumer, queue::Delivery&& delivery) {
  ensure(!is_gone, "a session that has gone is called back");
  ensure(consumer.session == caller.session, "a delivery for another session");
  const bool is_known = consumers.contains(consumer.number) || delivery.queue == QueueId::none;
  if (!is_known) {
    ensure(!is_new(consumer.number), "a delivery came before the answer to consume");
    const Position position = delivery.position;
    if (!delivery.auto_ack)
      broker_.settle(address_of(delivery.queue), consumer, {&position, 1},
                     queue::Settlement::undelivered);
    return;
  }
  const bool is_owed = !delivery.auto_ack;
  Received one{consumer.number, std::move(delivery), {}};
  one.body = std::string(one.delivery.message->body());
  events.push_back("deliver " + std::to_string(one.consumer) + " " + one.body);
  if (is_owed) unacked_[{raw(one.delivery.queue), one.delivery.position}] = one.consumer;
  received.push_back(std::move(one));
}

bool TestClient::is_new(ConsumerNumber consumer) const {
  for (const auto& [operation, number] : consuming_)
    if (number == consumer) return true;
  return false;
}

void TestClient::publish_settled(ChannelInstance, std::uint64_t of, queue::PublishOutcome outcome) {
  ensure(!is_gone, "a session that has gone is called back");
  settled.push_back({of, outcome});
}

void TestClient::completed(broker::OperationResult&& result) {
  ensure(!is_gone, "a session that has gone is called back");
  ensure(result.operation != 0, "an answer that nobody wanted");
  const OperationNumber operation = result.operation;
  events.push_back("done " + std::to_string(operation));
  if (const auto at = consuming_.find(operation); at != consuming_.end()) {
    if (!result.failed) consumers[at->second] = result.queue;
    consuming_.erase(at);
  }
  if (const auto at = cancelling_.find(operation); at != cancelling_.end()) {
    consumers.erase(at->second);
    cancelling_.erase(at);
  }
  if (result.delivery.message && !result.delivery.auto_ack)
    unacked_[{raw(result.delivery.queue), result.delivery.position}] = 0;
  const bool is_first = results.emplace(operation, std::move(result)).second;
  ensure(is_first, "an operation ended twice");
}

void TestClient::consumer_cancelled(ConsumerNumber consumer) {
  events.push_back("cancelled " + std::to_string(consumer));
  consumers.erase(consumer);
}

void TestClient::consumer_timed_out(ConsumerNumber consumer, Millis) {
  events.push_back("timed out " + std::to_string(consumer));
  consumers.erase(consumer);
}

void TestClient::permits_wanted(ConsumerNumber, std::uint32_t count) {
  wanted += count;
}

void TestClient::permits_returned(ConsumerNumber, std::uint32_t count) {
  returned += count;
}

bool TestClient::expects_reply(const broker::ReplyAddress& address) const {
  return reply_key != 0 && address.key == reply_key;
}

void TestClient::hold_publishing(bool held) {
  ensure(held != is_held, "holds are not nested");
  is_held = held;
}

}  // namespace tern::test
