// A queue on a FakeSink with short words for the usual commands.
#pragma once

#include "unit/queue/fake_sink.hpp"

namespace tern::queue::test {

struct Fixture {
  FakeSink sink;
  Queue queue;
  Time now{};

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
                  {.session = {.shard = ShardId{0}, .number = session}, .sequence = sequence}, now);
  }
  /// Publishes "1", "2", … padded to `bytes` with blanks behind.
  void publish_numbers(int first, int last, bool persistent, std::size_t bytes = 0) {
    for (int number = first; number <= last; ++number) {
      std::string body = std::to_string(number);
      if (body.size() < bytes) body.resize(bytes, ' ');
      publish(body, persistent);
    }
  }
  /// With times, priorities: received now.
  void publish(const std::string& body, bool persistent, MessageOptions options,
               std::uint64_t sequence = 0) {
    options.received = now;
    queue.publish(make_message(body, persistent, options),
                  {.session = {.shard = ShardId{0}, .number = 9}, .sequence = sequence}, now);
  }
  void configure(const Rules& rules) { queue.configure(rules, now); }
  /// Lets time pass; the queue is woken when it asked to be, and not otherwise.
  void pass(std::int64_t ms) {
    const Time end = now + Millis{ms};
    while (sink.wake && *sink.wake <= end) {
      now = std::max(now, *sink.wake);
      sink.wake.reset();
      queue.tick(now);
    }
    now = end;
  }
  /// Answers all reads until there are none.
  void answer_reads() {
    while (!sink.reads.empty() || !sink.due_reads.empty()) {
      if (!sink.reads.empty()) sink.answer_read(queue, now);
      if (!sink.due_reads.empty()) sink.answer_due_read(queue, now);
    }
  }
  /// Bodies forwarded since the last call and why, "a:expired".
  std::string forwarded() {
    static const char* const reasons[] = {"rejected",       "expired",  "maxlen",
                                          "delivery_limit", "released", "redriven"};
    std::string text;
    for (const auto& forward : sink.forwarded)
      text += (text.empty() ? "" : " ") + forward.body.substr(0, forward.body.find(' ')) + ":" +
              reasons[static_cast<std::size_t>(forward.reason)];
    sink.forwarded.clear();
    return text;
  }
  void consume(std::uint32_t number, ConsumerSpec spec = {}) {
    spec.id = consumer_id(number);
    REQUIRE(queue.consume(spec, now) == ConsumeError::none);
  }
  void cancel(std::uint32_t number) { queue.cancel(consumer_id(number), now); }
  void settle(std::uint32_t number, std::vector<Position> positions,
              Settlement settlement = Settlement::acked) {
    queue.settle(consumer_id(number), positions, settlement, now);
  }
  void get(std::uint64_t operation, bool auto_ack = true) {
    queue.get({.session = {.shard = ShardId{0}, .number = 1}, .operation = operation}, auto_ack,
              now);
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
    queue.commit_advanced(now);
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
