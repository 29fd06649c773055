// Random operations on a queue with message groups, checked for what groups promise.
#include <array>
#include <random>

#include "unit/queue/group_builders.hpp"

namespace tern::queue::test {

namespace {

/// Checks every delivery.
struct GroupSink : FakeSink {
  struct Seen {
    std::string group;
    bool out = false;
    bool returned = false;  ///< may wait for a retry
  };
  std::map<Position, Seen> messages;
  std::map<std::string, Position> busy;
  std::map<ConsumerNumber, std::set<Position>> unacked;
  std::set<Position> passed_over;

  void deliver(const ConsumerId& consumer, Delivery&& delivery) override {
    const Position place = delivery.position;
    REQUIRE(messages.count(place) == 1);
    Seen& seen = messages[place];
    if (!seen.group.empty()) {
      REQUIRE(busy.count(seen.group) == 0);
      // One that is passed over must be on its way out of the queue.
      if (passed_over.count(place) != 0) FAIL("delivered after a later one of its group");
      for (const auto& [other, message] : messages)
        if (other < place && message.group == seen.group) passed_over.insert(other);
    }
    if (delivery.auto_ack) {
      messages.erase(place);
      return;
    }
    seen.out = true;
    if (!seen.group.empty()) busy[seen.group] = place;
    unacked[consumer.number].insert(place);
  }
  void forward(QueueId, Forward&& forward) override {
    if (forward.stored.count != 0) settle_stored(forward.stream, forward.stored);
    const Position place = std::stoull(std::string(forward.message->body()));
    if (const auto seen = messages.find(place); seen != messages.end()) {
      if (seen->second.out) busy.erase(seen->second.group);
      messages.erase(seen);
    }
  }
};

/// A random life of a queue with groups.
class Life {
 public:
  explicit Life(std::uint64_t seed) : engine_(seed) {
    Settings settings = Fixture::durable(1024 + random(4096));
    settings.durable = random(4) != 0;
    queue_ = std::make_unique<Queue>(settings, sink_);
    Rules rules{.has_dead_letter_exchange = true, .group = "g"};
    if (random(2) == 0) rules.delivery_limit = 2;
    if (random(3) == 0) rules.length_max = 20 + random(50);
    if (random(3) == 0) rules.message_ttl = Millis{200};
    if (random(3) == 0) rules.retry = {.type = Retry::Type::all, .min = Millis{20}};
    queue_->configure(rules, now_);
    for (ConsumerNumber number = 1; number <= 3; ++number)
      REQUIRE(queue_->consume({.id = consumer_id(number),
                               .auto_ack = number == 3 && seed % 3 == 0,
                               .prefetch = static_cast<std::uint32_t>(1 + random(10)),
                               .window_bytes = 1ULL << 40},
                              now_) == ConsumeError::none);
  }

  void step() {
    const auto dice = random(100);
    if (dice < 45) {
      publish();
    } else if (dice < 75) {
      settle_some(false);
    } else if (dice < 80) {
      const auto ahead = sink_.staged.size() - sink_.committed_stage();
      sink_.commit_to(sink_.committed_stage() + random(ahead + 1));
      queue_->commit_advanced(now_);
    } else if (dice < 90) {
      answer();
    } else if (dice < 99) {
      pass(random(10));
    } else if (random(10) == 0) {
      purge();
    }
  }

  /// In the end everything goes out, group by group.
  void end() {
    for (int round = 0; round != 3000 && left() != 0; ++round) {
      sink_.commit_all();
      queue_->commit_advanced(now_);
      answer();
      settle_some(true);
      now_ += Millis{5};
      queue_->tick(now_);
    }
    REQUIRE(queue_->counts().ready == 0);
    REQUIRE(queue_->counts().unacked == 0);
    REQUIRE(queue_->counts().delayed == 0);
    sink_.commit_all();
    queue_->commit_advanced(now_);
    answer();
    REQUIRE(sink_.stored.empty());
    REQUIRE(queue_->counts().resident_bytes == 0);
  }

 private:
  std::uint64_t random(std::uint64_t below) { return engine_() % below; }
  [[nodiscard]] std::uint64_t left() const {
    const Counts& counts = queue_->counts();
    return counts.ready + counts.unacked + counts.delayed;
  }

  void publish() {
    std::string body = std::to_string(next_);
    body.resize(body.size() + random(300), ' ');
    const auto group = random(6);
    const std::string name = group == 0 ? "" : std::to_string(group);
    sink_.messages[next_++] = {.group = name};
    MessageOptions options{.received = now_};
    if (random(6) == 0) options.ttl_ms = static_cast<std::uint32_t>(1 + random(300));
    queue_->publish(in_group(name, body, random(2) == 0, options), {}, now_);
  }

  void settle_some(bool all) {
    for (auto& [number, places] : sink_.unacked) {
      if (places.empty()) continue;
      const Position place =
          *std::next(places.begin(), static_cast<std::ptrdiff_t>(random(places.size())));
      const auto how = all ? Settlement::acked
                           : std::array{Settlement::acked, Settlement::requeued,
                                        Settlement::dropped, Settlement::abandoned}[random(4)];
      places.erase(place);
      auto& seen = sink_.messages.at(place);
      if (!seen.group.empty()) sink_.busy.erase(seen.group);
      // Whether it comes back, and when, is the queue's business; it may be out at once again.
      if (how == Settlement::acked) {
        sink_.messages.erase(place);
      } else {
        seen.out = false;
        seen.returned = true;
      }
      queue_->settle(consumer_id(number), std::vector{place}, how, now_);
      if (!all) return;
    }
  }

  void answer() {
    while (!sink_.reads.empty() || !sink_.due_reads.empty()) {
      if (!sink_.reads.empty()) sink_.answer_read(*queue_, now_);
      if (!sink_.due_reads.empty()) sink_.answer_due_read(*queue_, now_);
    }
  }

  void pass(std::uint64_t ms) {
    now_ += Millis{static_cast<std::int64_t>(ms)};
    if (!sink_.wake || *sink_.wake > now_) return;
    sink_.wake.reset();
    queue_->tick(now_);
  }

  void purge() {
    std::erase_if(sink_.messages,
                  [](const auto& entry) { return !entry.second.out && !entry.second.returned; });
    queue_->purge(now_);
  }

  std::mt19937_64 engine_;
  GroupSink sink_;
  std::unique_ptr<Queue> queue_;
  Time now_{};
  Position next_ = 1;
};

}  // namespace

TEST_CASE("random operations on a queue with groups: one at a time, in order, none stranded") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    Life life(seed);
    for (int step = 0; step != 1500; ++step) life.step();
    life.end();
  }
}

}  // namespace tern::queue::test
