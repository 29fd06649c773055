// Machine: what is behind queue.hpp. It joins the messages (Lane) with those who take them
// (Consumers, gets), and ends every command the same way: deliver what can be delivered, keep the
// memory windows, tell the sink about marks. Used on its shard's thread only.
#pragma once

#include <vector>

#include "queue/consumers.hpp"
#include "queue/lane.hpp"
#include "queue/queue.hpp"

namespace tern::queue {

class Queue::Machine {
 public:
  Machine(const Settings& settings, Sink& sink);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void restore(QueueId stream, const Recovered& recovered);
  void configure(const Rules& rules, Time now);
  void publish(MessageRef&& message, const PublisherToken& token);
  [[nodiscard]] ConsumeError consume(const ConsumerSpec& spec);
  void cancel(const ConsumerId& consumer);
  void get(const GetToken& token, bool auto_ack);
  void settle(const ConsumerId& consumer, std::span<const Position> positions,
              Settlement settlement);
  void loaded(QueueId stream, Position from, Position next, std::span<Loaded> messages);
  void commit_advanced();
  std::uint64_t purge();
  void close();
  void browse(const BrowseRequest& request);
  void take_marks(std::vector<StreamMark>& to);
  /// Ends a command.
  void finish();

  [[nodiscard]] Consumers& consumers() noexcept { return consumers_; }
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  [[nodiscard]] const Rules& rules() const noexcept { return rules_; }
  [[nodiscard]] QueueId id() const noexcept { return settings_.id; }

 private:
  struct Get {
    GetToken token;
    bool auto_ack;
  };

  void deliver_new(MessageRef&& message, const PublisherToken& token, Consumers::Index consumer);
  void dispatch();
  void serve_gets();
  void answer_get(const Get& get, Position position, Slot& slot);
  void answer_empty(const Get& get);
  void hold(const SessionId& publisher);
  void note_marks();

  Settings settings_;
  Rules rules_;
  Sink& sink_;
  Counts counts_;
  Lane lane_;
  Consumers consumers_;
  std::vector<Get> gets_;        ///< waiting for a read
  std::vector<SessionId> held_;  ///< publishers held back
  Position low_water_noted_ = 1;
  Position delivered_noted_ = 1;
  bool marks_due_ = false;  ///< the sink knows that it should take the marks
  bool closed_ = false;
};

}  // namespace tern::queue
