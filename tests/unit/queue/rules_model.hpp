// RulesModel: a queue with random rules (times, limits, levels, retries, a dead-letter exchange)
// under a virtual clock, with restarts. It follows each message by the effects and checks that
// everyone of them was allowed; and whenever nothing is under way any more (settle_down), that the
// queue holds exactly what it should.
#pragma once

#include <map>
#include <random>
#include <set>
#include <vector>

#include "unit/queue/fake_sink.hpp"

namespace tern::queue::test {

class RulesModel : public FakeSink {
 public:
  explicit RulesModel(std::uint64_t seed);
  ~RulesModel() override;

  /// One random operation, and what can be checked at any time.
  void step();
  /// Answers, commits and ticks until nothing is under way; then everything is checked.
  void settle_down();

  void deliver(const ConsumerId& consumer, Delivery&& delivery) override;
  void got(const GetToken& token, Delivery&& delivery, std::uint64_t ready) override;
  void forward(QueueId queue, Forward&& forward) override;
  void publish_settled(const PublisherToken& token, PublishOutcome outcome) override;
  void wake_on_commit(QueueId queue) override;

  std::uint64_t checks = 0;  ///< deliveries and forwards that were checked

 private:
  enum class State { ready, unacked, delayed, refused, leaving, purged, gone };
  struct Entry {
    bool persistent = false;
    std::uint8_t level = 0;
    Time received{};
    std::optional<std::uint32_t> ttl_ms;
    std::uint64_t bytes = 0;
    std::uint64_t body_bytes = 0;
    State state = State::ready;
    LeaveReason reason{};  ///< leaving
    Position place = 0;    ///< once it was delivered
    ConsumerNumber holder = 0;
    bool redelivered = false;
    bool overtaken = false;  ///< one behind it was delivered before it
    std::uint32_t delivery_count = 0;
    Time due{};
  };
  struct Taker {
    ConsumerSpec spec;
    std::uint32_t unacked = 0;
  };
  struct Answer {
    Read read;
    Position next;
    std::vector<Loaded> messages;
  };
  using Id = std::uint64_t;

  void check(bool fact, const char* text) const;
  std::uint64_t random(std::uint64_t below) { return engine_() % below; }
  [[nodiscard]] Time expiry(const Entry& entry) const;
  [[nodiscard]] bool is_expired(const Entry& entry) const { return expiry(entry) <= now_; }
  Entry& hand_out(const Delivery& delivery, bool auto_ack);
  void check_order(Id id, const Entry& entry);
  void check_always();
  void check_settled();
  void drop_expired();

  void choose_rules();
  void publish();
  void consume();
  void cancel();
  void get();
  void settle();
  void settle_now(ConsumerNumber holder, std::vector<Id> ids, Settlement settlement);
  void give_back(Id id, Settlement settlement);
  void let_time_pass();
  void tick();
  void commit();
  void answer_one();
  void arrive();
  void purge();
  void take_marks();
  void restart();
  void make_queue();

  std::uint64_t seed_;
  std::mt19937_64 engine_;
  Settings settings_;
  Rules rules_;
  Time now_ = at_ms(1'000'000);
  std::unique_ptr<Queue> queue_;
  std::map<Id, Entry> entries_;
  std::map<ConsumerNumber, Taker> takers_;
  std::map<QueueId, StreamMark> marks_;
  std::deque<Answer> answers_;
  Id next_id_ = 1;
  Id publishing_ = 0;  ///< being published right now
  ConsumerNumber next_number_ = 1;
  std::uint64_t gets_waiting_ = 0;
  std::uint64_t expired_ = 0;  ///< seen to, in this run
  Counts before_;              ///< the last command
  bool wake_due_ = false;
  bool published_ = false;      ///< the last command was a publish
  bool bytes_unknown_ = false;  ///< since messages waited over a restart
  std::uint64_t dice_ = 0;      ///< which operation
  int steps_ = 0;
};

}  // namespace tern::queue::test
