// SettleBatch: acknowledgements on their way to the broker. Neighbours of one queue and consumer
// travel together; whatever must not overtake them flushes first. Owned by the connection.
#pragma once

#include <vector>

#include "amqp/unacked.hpp"
#include "broker/broker.hpp"

namespace tern::amqp {

class SettleBatch {
 public:
  explicit SettleBatch(broker::Broker& broker) : broker_(&broker) {}

  /// What is added from now on goes to another shard's broker. Nothing may be waiting.
  void move_to(broker::Broker& broker) {
    ensure(positions_.empty(), "settlements left behind");
    broker_ = &broker;
  }

  void add(const SessionId& session, const Unacked& entry, queue::Settlement settlement) {
    const bool fits = entry.consumer == consumer_.number && entry.queue == queue_ &&
                      settlement == settlement_ && positions_.size() < count_max;
    if (!fits) {
      flush();
      queue_ = entry.queue;
      consumer_ = {session, entry.consumer};
      settlement_ = settlement;
    }
    positions_.push_back(entry.position);
  }
  void flush() {
    if (positions_.empty()) return;
    // Settling may deliver at once, and a delivery may be given back through here.
    sending_.swap(positions_);
    broker_->settle(queue_, consumer_, sending_, settlement_);
    sending_.clear();
  }

 private:
  static constexpr std::size_t count_max = 4096;

  broker::Broker* broker_;
  broker::QueueAddress queue_;
  ConsumerId consumer_;
  queue::Settlement settlement_{};
  std::vector<Position> positions_;
  std::vector<Position> sending_;
};

}  // namespace tern::amqp
