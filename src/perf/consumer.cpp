#include "perf/consumer.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <system_error>

#include "amqp/methods_basic.hpp"
#include "perf/message_template.hpp"
#include "perf/topology.hpp"

namespace tern::perf {
namespace {

constexpr std::size_t delivery_buffer_bytes = 1 << 20;
// How often a consumer to which nothing comes looks whether the run is over.
constexpr double receive_seconds_max = 0.05;

}  // namespace

void Consumer::run(RunState& state, unsigned index) {
  ConsumerFigures& figures = state.consumers[index];
  try {
    Consumer consumer(state, index);
    consumer.work();
    consumer.enter_in_book();
    consumer.connection_.close();
  } catch (const Failure& failure) {
    figures.error = failure.what();
    state.give_up();
  }
}

Consumer::Consumer(RunState& state, unsigned index)
    : state_(state),
      options_(state.options),
      figures_(state.consumers[index]),
      connection_(options_.target, delivery_buffer_bytes),
      queues_(state.streams.queues_of_consumer(index)),
      seen_(state.streams.size()),
      is_shared_(state.streams.are_shared()),
      queue_(queues_.front()) {
  if (options_.prefetch != 0)
    connection_.ask<amqp::BasicQosOk>(amqp::BasicQos{0, options_.prefetch, false});
}

// The tag is the queue's number, so a delivery says where it comes from.
void Consumer::subscribe() {
  const std::string arguments = encode_entries(options_.consumer_arguments);
  for (const unsigned queue : queues_) {
    const std::string tag = std::to_string(queue), name = Topology(options_).queue(queue);
    amqp::BasicConsume consume;
    consume.queue = name;
    consume.consumer_tag = tag;
    consume.no_ack = options_.auto_ack;
    consume.arguments = arguments;
    connection_.put(consume);
  }
  connection_.flush();
}

void Consumer::work() {
  state_.wait_for_start();
  subscribe();
  connection_.set_receive_timeout(receive_seconds_max);
  while (receive()) continue;
}

bool Consumer::receive() {
  const ssize_t bytes = connection_.receive(0);
  if (bytes == 0) throw Failure("the broker closed the socket of a consumer");
  if (bytes < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      throw Failure("cannot read from the broker: " + std::generic_category().message(errno));
    acknowledge_rest();
    return !state_.stop_consuming && !state_.is_over();
  }
  const Nanos now = now_nanos();
  const std::uint64_t before = received_;
  parse(now);
  send_acknowledgements();
  if (received_ == before) return true;
  if (before == 0) figures_.first_at = now;
  figures_.last_at.store(now, std::memory_order_relaxed);
  figures_.received.set(received_);
  return true;
}

void Consumer::parse(Nanos now) {
  Bytes rest = connection_.unread();
  const std::size_t all = rest.size();
  while (rest.size() >= amqp::frame_overhead_bytes) {
    // By hand: this is the loop that every delivery passes three times.
    const std::size_t payload_bytes = load_big_endian<std::uint32_t>(rest.data() + 3);
    const std::size_t frame_bytes = payload_bytes + amqp::frame_overhead_bytes;
    if (rest.size() < frame_bytes) break;
    if (rest[frame_bytes - 1] != amqp::frame_end_octet)
      throw Failure("the broker sent a malformed frame");
    const Bytes payload(rest.data() + amqp::frame_head_bytes, payload_bytes);
    switch (static_cast<amqp::FrameType>(rest[0])) {
      case amqp::FrameType::method:
        on_method(payload);
        break;
      case amqp::FrameType::header:
        on_header(payload);
        break;
      case amqp::FrameType::body:
        on_body(payload, now);
        break;
      case amqp::FrameType::heartbeat:
        break;
    }
    rest.remove_prefix(frame_bytes);
  }
  connection_.use(all - rest.size());
}

void Consumer::on_method(Bytes payload) {
  const auto id = amqp::read_method_id(payload).value_or(amqp::MethodId{});
  if (id == amqp::BasicDeliver::info.id) {
    on_deliver(payload.substr(4));
  } else if (id == amqp::BasicCancel::info.id) {
    ++figures_.cancelled;
  } else {
    amqp::FrameCut frame;
    frame.raw_type = static_cast<std::uint8_t>(amqp::FrameType::method);
    frame.payload = payload;
    Connection::check_close(frame);
  }
}

// By hand, too: of the five fields only the first three matter here.
void Consumer::on_deliver(Bytes arguments) {
  ByteReader reader(arguments);
  const Bytes consumer_tag = reader.short_string();
  tag_ = reader.u64();
  is_redelivered_ = reader.u8() != 0;
  if (reader.has_failed()) throw Failure("the broker sent a malformed basic.deliver");
  figures_.redelivered += is_redelivered_;
  if (queues_.size() == 1) return;
  std::from_chars(consumer_tag.data(), consumer_tag.data() + consumer_tag.size(), queue_);
}

void Consumer::on_header(Bytes payload) {
  missing_bytes_ = payload.size() >= 12 ? load_big_endian<std::uint64_t>(payload.data() + 4) : 0;
  figures_.corrupt += missing_bytes_ != options_.size;
  is_first_body_ = true;
  if (missing_bytes_ == 0) on_complete();
}

void Consumer::on_body(Bytes payload, Nanos now) {
  if (is_first_body_) {
    is_first_body_ = false;
    if (payload.size() >= Stamp::bytes && options_.size >= Stamp::bytes) on_stamp(payload);
    if (payload.size() >= 2 * Stamp::bytes && options_.size >= 2 * Stamp::bytes) {
      const auto sent_at = load_big_endian<std::uint64_t>(payload.data() + Stamp::bytes);
      figures_.latency.add(now > sent_at ? now - sent_at : 0);
    }
  }
  missing_bytes_ -= std::min<std::uint64_t>(missing_bytes_, payload.size());
  if (missing_bytes_ == 0) on_complete();
}

void Consumer::on_stamp(Bytes payload) {
  const Stamp stamp = Stamp::load(payload.data());
  // Neighbours are mostly of one stream, and finding it takes a division.
  if (queue_ != found_queue_ || stamp.producer != found_producer_) {
    const auto index = state_.streams.find(queue_, stamp.producer);
    if (!index) {
      ++figures_.corrupt;
      return;
    }
    found_ = *index;
    found_queue_ = queue_;
    found_producer_ = stamp.producer;
  }
  Seen& seen = seen_[found_];
  Stream& stream = state_.streams[found_];
  if (stamp.number >= seen.known_sent) {
    // Without producers of our own there is no book to compare with.
    seen.known_sent = options_.producers != 0 ? stream.sent.load(std::memory_order_acquire)
                                              : std::uint64_t{1} << 34;
    if (stamp.number >= seen.known_sent) {
      ++figures_.corrupt;
      return;
    }
  }
  const bool is_new = stream.seen.insert(stamp.number, is_shared_);
  seen.unique += is_new;
  seen.duplicated += !is_new;
  if (!is_new) figures_.duplicated.add(1);
  if (stamp.number >= seen.next)
    seen.next = stamp.number + 1;
  else if (is_new && !is_redelivered_)
    ++figures_.out_of_order;
}

void Consumer::on_complete() {
  ++received_;
  if (options_.auto_ack) return;
  if (++unacknowledged_ < options_.ack_every) return;
  acknowledge(tag_, options_.ack_every > 1);
}

void Consumer::acknowledge(std::uint64_t tag, bool multiple) {
  amqp::FrameWriter(acknowledgements_, connection_.frame_max())
      .method(Connection::channel, amqp::BasicAck{tag, multiple});
  unacknowledged_ = 0;
}

// Nothing has come for a while: what waits for a full group is acknowledged now.
void Consumer::acknowledge_rest() {
  if (unacknowledged_ != 0) acknowledge(tag_, true);
  send_acknowledgements();
}

void Consumer::send_acknowledgements() {
  if (acknowledgements_.empty()) return;
  connection_.send_all(acknowledgements_);
  acknowledgements_.clear();
}

void Consumer::enter_in_book() {
  for (std::size_t index = 0; index < seen_.size(); ++index) {
    Stream& stream = state_.streams[index];
    stream.unique += seen_[index].unique;
    stream.duplicated += seen_[index].duplicated;
  }
}

}  // namespace tern::perf
