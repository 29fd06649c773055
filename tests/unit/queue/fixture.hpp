// A queue on a FakeSink with short words for the usual commands.
#pragma once

#include "unit/queue/fake_sink.hpp"

namespace tern::queue::test {

struct Fixture {
  FakeSink sink;
  Queue queue;

  explicit Fixture(const Settings& settings = {.id = QueueId{7}}) : queue(settings, sink) {}

  static Settings durable(std::uint64_t window = 16 << 20) {
    return {.id = QueueId{7},
            .durable = true,
            .window_head_bytes = window,
            .window_tail_bytes = window};
  }

  void publish(const std::string& body, bool persistent = false, std::uint64_t sequence = 0,
               std::uint64_t session = 9) {
    queue.publish(make_message(body, persistent),
                  {.session = {.shard = ShardId{0}, .number = session}, .sequence = sequence},
                  Time{});
  }
  /// Publishes "1", "2", … padded to `bytes` with blanks behind.
  void publish_numbers(int first, int last, bool persistent, std::size_t bytes = 0) {
    for (int number = first; number <= last; ++number) {
      std::string body = std::to_string(number);
      if (body.size() < bytes) body.resize(bytes, ' ');
      publish(body, persistent);
    }
  }
  void consume(std::uint32_t number, ConsumerSpec spec = {}) {
    spec.id = consumer_id(number);
    REQUIRE(queue.consume(spec, Time{}) == ConsumeError::none);
  }
  void cancel(std::uint32_t number) { queue.cancel(consumer_id(number), Time{}); }
  void settle(std::uint32_t number, std::vector<Position> positions,
              Settlement settlement = Settlement::acked) {
    queue.settle(consumer_id(number), positions, settlement, Time{});
  }
  void get(std::uint64_t operation, bool auto_ack = true) {
    queue.get({.session = {.shard = ShardId{0}, .number = 1}, .operation = operation}, auto_ack,
              Time{});
  }
  /// Takes the marks; returns those of the queue's own stream.
  StreamMark marks() {
    std::vector<StreamMark> marks;
    queue.take_marks(marks);
    for (const auto& mark : marks)
      if (mark.stream == queue.id()) return mark;
    return {};
  }
  void commit() {
    sink.commit_all();
    queue.commit_advanced(Time{});
  }

  /// Consumers and bodies delivered since the last call, "1:a 2:b"; "*" marks a redelivery.
  std::string taken() {
    std::string text;
    for (const auto& delivered : sink.delivered) {
      const auto body = delivered.body.substr(0, delivered.body.find(' '));
      text += (text.empty() ? "" : " ") + std::to_string(delivered.consumer.number) + ":" + body +
              (delivered.redelivered ? "*" : "");
    }
    sink.delivered.clear();
    return text;
  }
};

inline ConsumerSpec automatic() {
  return {.id = {}, .auto_ack = true};
}
inline ConsumerSpec prefetching(std::uint32_t prefetch) {
  return {.id = {}, .prefetch = prefetch};
}

}  // namespace tern::queue::test
