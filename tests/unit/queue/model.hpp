// Model: what a queue should be, as a plain list of messages with states; and the random operations
// that run a real queue on a FakeSink beside it, checking after each that the two agree.
#pragma once

#include <map>
#include <random>
#include <set>
#include <vector>

#include "unit/queue/fake_sink.hpp"

namespace tern::queue::test {

class Model : public FakeSink {
 public:
  explicit Model(std::uint64_t seed);

  /// One random operation and all checks.
  void step();
  /// Answers and commits everything, takes every message, and checks that nothing is left.
  void drain();

  // The effects that the model follows.
  void deliver(const ConsumerId& consumer, Delivery&& delivery) override;
  void got(const GetToken& token, Delivery&& delivery, std::uint64_t ready) override;
  void permits_wanted(const ConsumerId& consumer, std::uint32_t count) override;
  void permits_returned(const ConsumerId& consumer, std::uint32_t count) override;
  void hold_publisher(QueueId queue, const SessionId& publisher) override;
  void release_publisher(QueueId queue, const SessionId& publisher) override;
  void wake_on_commit(QueueId queue) override;
  void wake_at(QueueId, Time at) override { tick_at_ = std::min(tick_at_, at); }
  void marks_changed(QueueId queue) override;

 private:
  enum class State { ready, unacked, gone };
  struct Entry {
    std::string body;
    bool persistent = false;
    State state = State::ready;
    std::uint64_t bytes = 0;
    ConsumerNumber holder = 0;
    bool redelivered = false;
    std::uint32_t delivery_count = 0;
    bool handed_out = false;
  };
  struct Taker {
    ConsumerSpec spec;
    std::int64_t window = 0;
    std::uint32_t unacked = 0;
    std::int64_t permits = 0;
    bool asked = false;
    std::uint32_t asked_count = 0;
    std::uint64_t undrained = 0;
    std::uint32_t passed_over = 0;  ///< deliveries to its level since its own, while able
    std::uint32_t competitors = 0;  ///< most others on its level meanwhile
  };
  struct Answer {
    Read read;
    Position next;
    std::vector<Loaded> messages;
  };

  void check(bool fact, const char* text) const;
  void check_all();
  [[nodiscard]] Position lowest_alive() const;
  void check_memory() const;
  void check_progress() const;
  std::uint64_t random(std::uint64_t below) { return engine_() % below; }

  void publish();
  void consume();
  void cancel();
  void get();
  void settle();
  void settle_all_of(ConsumerNumber holder, Settlement settlement);
  void settle_now(ConsumerNumber holder, std::vector<Position> positions, Settlement settlement);
  void drained();
  void permit();
  void regate();
  void purge();
  void commit();
  void tick();
  void look_up_read();
  void answer_read();
  void take_marks();
  void restart();

  Entry& hand_out(const Delivery& delivery);
  [[nodiscard]] static bool can_take(const Taker& taker);
  [[nodiscard]] Taker* any_taker();
  void leave_ready(Position position);

  std::uint64_t seed_;
  std::mt19937_64 engine_;
  Settings settings_;
  std::unique_ptr<Queue> queue_;
  std::vector<Entry> entries_;  ///< by position; [0] unused
  std::set<Position> ready_;
  std::map<ConsumerNumber, std::set<Position>> unacked_;
  std::map<ConsumerNumber, Taker> takers_;
  std::vector<std::uint64_t> gets_waiting_;
  std::set<std::uint64_t> gets_auto_;
  std::set<std::uint64_t> held_;
  std::vector<Answer> answers_;
  Counts expected_;
  ConsumerNumber next_number_ = 1;
  std::uint64_t next_operation_ = 1;
  Position low_water_recorded_ = 1;
  Position delivered_recorded_ = 1;
  bool marks_due_ = false;
  bool wake_due_ = false;
  bool read_failed_ = false;
  Time now_{};
  Time tick_at_ = Time::max();
  std::uint64_t largest_ = 0;
  int steps_ = 0;
};

}  // namespace tern::queue::test
