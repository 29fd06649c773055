// NullSink: a sink that does nothing, to derive sinks from that watch one thing.
#pragma once

#include "queue/queue.hpp"

namespace tern::queue::test {

class NullSink : public Sink {
 public:
  void deliver(const ConsumerId&, Delivery&&) override {}
  void got(const GetToken&, Delivery&&, std::uint64_t) override {}
  void publish_settled(const PublisherToken&, PublishOutcome) override {}
  std::uint64_t stage(QueueId, Position, const MessageRef&, const PublisherToken&, Time) override {
    return ++stages_;
  }
  std::uint64_t spill(QueueId, Position, const MessageRef&, Time) override { return ++stages_; }
  bool unstage(std::uint64_t) override { return false; }
  void settle_stored(QueueId, const StoredRange&) override {}
  void note_return(QueueId, Position, std::uint32_t, Time) override {}
  void read(QueueId, Position, Position, std::uint64_t) override {}
  void read_due(QueueId, const DuePoint&, std::uint32_t) override {}
  void trim_due(QueueId, const DuePoint&) override {}
  void forward(QueueId, Forward&&) override {}
  void wake_at(QueueId, Time) override {}
  void lease_ended(QueueId) override {}
  void remember_key(QueueId, std::string_view, Time, bool) override {}
  void forget_key(QueueId, std::string_view) override {}
  void browsed(QueueId, std::uint64_t, std::vector<Found>&&, Position) override {}
  void consumer_cancelled(const ConsumerId&) override {}
  void consumer_timed_out(const ConsumerId&, Millis) override {}
  void permits_wanted(const ConsumerId&, std::uint32_t) override {}
  void permits_returned(const ConsumerId&, std::uint32_t) override {}
  void hold_publisher(QueueId, const SessionId&) override {}
  void release_publisher(QueueId, const SessionId&) override {}
  void wake_on_commit(QueueId) override {}
  void abandoned(QueueId) override {}
  void marks_changed(QueueId) override {}

 protected:
  std::uint64_t stages_ = 0;
};

}  // namespace tern::queue::test
