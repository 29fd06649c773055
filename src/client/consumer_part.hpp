// ConsumerPart: a consumer inside the machine: a channel with its prefetch, the messages that have
// come and nobody has asked for yet, those who wait for one, and the book of what is unsettled.
// Pure.
//
// One that was started with start_get() does not consume: it takes one message, or finds that there
// is none, and lives until that is settled.
//
//   down --connected()--> opening --consume-ok--> consuming --cancel(), drain()--> ending --> over
#pragma once

#include <atomic>
#include <deque>
#include <vector>

#include "client/ack_book.hpp"
#include "client/hub.hpp"
#include "ternmq/consumer.hpp"

namespace tern::client {

enum class Verdict : std::uint8_t { ack, ack_up_to, requeue, reject };

class ConsumerPart final : public Part, public ChannelListener, public OperationOwner {
 public:
  using OnReady = std::function<void(const error_info*)>;
  using Handle = std::weak_ptr<ternmq::detail::consumer_state>;

  ConsumerPart(Hub& hub, std::string queue, ternmq::consumer_options options);

  /// Deliveries refer to `handle`. `on_ready` is called once, when it consumes or never will.
  void start(Handle handle, OnReady on_ready);
  /// Asks for one message in place of consuming; keeps `handle` until it is there.
  void start_get(std::shared_ptr<ternmq::detail::consumer_state> handle,
                 OperationPtr<std::optional<ternmq::delivery>> op);
  void next(OperationPtr<ternmq::delivery> op);
  void next_batch(OperationPtr<std::vector<ternmq::delivery>> op, std::size_t max);
  /// Of a transactional one: publishes, and makes that and what was settled happen.
  void commit(OperationPtr<> op, std::vector<ternmq::message>&& with);
  void cancel(OperationPtr<> op);
  void drain(OperationPtr<> op);
  /// Settles what was delivered in this epoch; anything else is settled or gone, and left alone.
  void settle(std::uint64_t epoch, std::uint64_t tag, Verdict how);
  /// Its last handle is gone: what it holds goes back to the queue.
  void release();
  /// The queue has another name now.
  void rename(std::string_view from, std::string_view to);
  /// Counts channels: a delivery of an earlier one cannot be settled. Read from any thread.
  [[nodiscard]] const std::shared_ptr<std::atomic<std::uint64_t>>& epoch() const noexcept {
    return epoch_;
  }
  [[nodiscard]] const std::string& queue() const noexcept { return queue_; }
  /// At the end of a turn: sends the acknowledgements.
  void flush();

  void connected() override;
  void lost() override;
  void stop(const error_info& why) override;
  [[nodiscard]] bool is_opening() const noexcept override { return state_ == State::opening; }
  [[nodiscard]] bool is_finished() const noexcept override {
    return is_released_ && state_ == State::over;
  }

  void channel_closed(const error_info& why) override;
  void delivered(std::uint64_t tag, bool is_redelivered, content message) override;
  void consumer_cancelled() override;

  void give_up(operation_base& op) override;

 private:
  enum class State : std::uint8_t { down, opening, consuming, ending, over };
  struct Ready {
    content message;
    std::uint64_t tag = 0;
    bool is_redelivered = false;
  };
  struct Waiter {
    operation_base* op = nullptr;
    std::size_t batch_max = 0;  // 0: next()
  };

  void fail_commits(const error_info& why);
  void send_get();
  void end_get(std::optional<ternmq::delivery> found);
  void serve();
  [[nodiscard]] ternmq::delivery take();
  void end(OperationPtr<> op, bool keeps_ready);
  void stop_consuming();
  void check_ended();
  void give_back_ready();
  void fail_waiters();
  void finish(const error_info& why);

  Hub& hub_;
  std::string queue_;
  ternmq::consumer_options options_;
  Handle handle_;
  OnReady on_ready_;
  State state_ = State::down;
  bool is_released_ = false;
  bool keeps_ready_ = true;      // drain(): what is here is still handed out
  bool is_cancel_sent_ = false;  // and not answered
  bool is_flush_noted_ = false;
  error_info over_why_ = error_of(errc::consumer_cancelled);
  Channel* channel_ = nullptr;
  std::shared_ptr<std::atomic<std::uint64_t>> epoch_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  AckBook book_;
  amqp::Ring<Ready> ready_;
  std::deque<Waiter> waiters_;
  std::vector<operation<>*> ends_;
  std::deque<operation<>*> commits_;  // sent and not answered, in order; nullptr: given up

  bool is_get_ = false;  // start_get(); until it is answered, the two below
  operation<std::optional<ternmq::delivery>>* get_ = nullptr;
  std::shared_ptr<ternmq::detail::consumer_state> get_handle_;
};

}  // namespace tern::client
