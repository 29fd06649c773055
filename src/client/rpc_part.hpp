// RpcPart: calls inside the machine, over the broker's direct reply-to: one channel that consumes
// the pseudo queue amq.rabbitmq.reply-to and publishes requests. Pure.
#pragma once

#include <deque>
#include <unordered_map>

#include "client/hub.hpp"
#include "ternmq/rpc.hpp"

namespace tern::client {

class RpcPart final : public Part, public ChannelListener, public OperationOwner {
 public:
  using OnReady = std::function<void(const error_info*)>;

  explicit RpcPart(Hub& hub) : hub_(hub) {}

  void start(OnReady on_ready) { on_ready_ = std::move(on_ready); }
  void call(OperationPtr<ternmq::received_message> op, ternmq::message&& request);
  void release();

  void connected() override;
  void lost() override;
  void stop(const error_info& why) override;
  void room() override { admit(); }
  [[nodiscard]] bool is_opening() const noexcept override { return state_ == State::opening; }
  [[nodiscard]] bool is_finished() const noexcept override {
    return is_released_ && state_ == State::over;
  }

  void channel_closed(const error_info& why) override;
  void returned(const Return& reason, content message) override;
  void delivered(std::uint64_t tag, bool is_redelivered, content message) override;

  void give_up(operation_base& op) override;

 private:
  enum class State : std::uint8_t { down, opening, ready, over };
  using CallOperation = operation<ternmq::received_message>;
  struct Waiting {
    CallOperation* op = nullptr;
    ternmq::message request;
  };

  void admit();
  void send(Waiting&& call);
  void fail_sent(const error_info& why);
  /// The call of that correlation id, which is waiting no more; nullptr if nobody waits for it.
  [[nodiscard]] CallOperation* take(std::string_view correlation_id);

  Hub& hub_;
  State state_ = State::down;
  bool is_released_ = false;
  error_info over_why_ = error_of(errc::connection_closed);
  Channel* channel_ = nullptr;
  OnReady on_ready_;
  std::deque<Waiting> waiting_;
  std::unordered_map<std::uint64_t, CallOperation*> sent_;  // by correlation id
  std::uint64_t last_id_ = 0;
  std::string scratch_;
};

}  // namespace tern::client
