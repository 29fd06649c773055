// The consumers of a connection, found by number when a delivery comes. A consumer stays here until
// the broker has confirmed its end, so that late deliveries can be given back to their queue.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/prefetch.hpp"
#include "broker/session.hpp"

namespace tern::amqp {

class Channel;

struct Consumer {
  ConsumerNumber number = 0;
  Channel* channel = nullptr;  ///< null: ended for the client; deliveries are given back
  std::string tag;
  broker::QueueAddress queue;
  bool auto_ack = false;
  bool is_running = false;            ///< the broker has accepted it
  bool is_reply = false;              ///< of direct replies: no queue behind it
  std::uint64_t reply_key = 0;        ///< if is_reply
  std::uint64_t undrained_bytes = 0;  ///< delivered to the output and not reported as drained
};

class ConsumerDirectory {
 public:
  [[nodiscard]] Consumer& add(Channel& channel, std::string_view tag) {
    auto consumer = std::make_unique<Consumer>();
    consumer->number = ++last_number_;
    consumer->channel = &channel;
    consumer->tag = tag;
    return *(consumers_[last_number_] = std::move(consumer));
  }
  /// Null if there is none.
  [[nodiscard]] Consumer* find(ConsumerNumber number) const noexcept {
    const auto found = consumers_.find(number);
    return found == consumers_.end() ? nullptr : found->second.get();
  }
  /// A consumer with its channel, to deliver to; see Consumer::channel.
  struct Receiver {
    Consumer* consumer = nullptr;  ///< null: there is no such consumer
    Channel* channel = nullptr;
  };
  /// Deliveries come in runs, and with thousands of connections each finds the caches cold: the one
  /// before is remembered here, so that consumer and channel are fetched at once and not one after
  /// the other.
  [[nodiscard]] Receiver receiver(ConsumerNumber number) noexcept {
    if (number == recent_number_) [[likely]]
      return recent_;
    Consumer* const consumer = find(number);
    if (consumer == nullptr) return {};
    recent_number_ = number;
    return recent_ = {consumer, consumer->channel};
  }
  /// Fetches the one of the last delivery for the next.
  void expect() const noexcept {
    prefetch(recent_.consumer);
    prefetch(recent_.channel);
  }
  /// The client has ended it; it stays until the broker has, too.
  void end(Consumer& consumer) noexcept {
    consumer.channel = nullptr;
    forget_recent();
  }
  void remove(ConsumerNumber number) noexcept {
    forget_recent();
    consumers_.erase(number);
  }
  [[nodiscard]] std::size_t size() const noexcept { return consumers_.size(); }
  [[nodiscard]] bool is_empty() const noexcept { return consumers_.empty(); }

 private:
  void forget_recent() noexcept {
    recent_ = {};
    recent_number_ = 0;
  }

  Receiver recent_;
  ConsumerNumber recent_number_ = 0;  // whose recent_ is; 0: nobody's
  ConsumerNumber last_number_ = 0;    // given out
  std::unordered_map<ConsumerNumber, std::unique_ptr<Consumer>> consumers_;
};

}  // namespace tern::amqp
