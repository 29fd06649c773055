// The consumers of a connection, found by number when a delivery comes. A consumer stays here until
// the broker has confirmed its end, so that late deliveries can be given back to their queue.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

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
  [[nodiscard]] Consumer* find(ConsumerNumber number) noexcept {
    if (last_found_ != nullptr && last_found_->number == number) return last_found_;
    const auto found = consumers_.find(number);
    if (found == consumers_.end()) return nullptr;
    return last_found_ = found->second.get();
  }
  [[nodiscard]] const Consumer* find(ConsumerNumber number) const noexcept {
    const auto found = consumers_.find(number);
    return found == consumers_.end() ? nullptr : found->second.get();
  }
  void remove(ConsumerNumber number) noexcept {
    last_found_ = nullptr;
    consumers_.erase(number);
  }
  [[nodiscard]] std::size_t size() const noexcept { return consumers_.size(); }
  [[nodiscard]] bool is_empty() const noexcept { return consumers_.empty(); }

 private:
  std::unordered_map<ConsumerNumber, std::unique_ptr<Consumer>> consumers_;
  Consumer* last_found_ = nullptr;
  ConsumerNumber last_number_ = 0;
};

}  // namespace tern::amqp
