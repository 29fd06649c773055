// PublisherPart: a publisher inside the machine: a channel in confirm mode, the window, those that
// wait for room in it, and what to do when channel or connection are lost. Pure.
//
//   down --connected()--> opening --confirm.select-ok--> ready      lost(): down again
//                                     close(): draining, then over
#pragma once

#include <deque>
#include <vector>

#include "client/hub.hpp"
#include "client/unconfirmed.hpp"

namespace tern::client {

class PublisherPart final : public Part, public ChannelListener, public OperationOwner {
 public:
  using OnReady = std::function<void(const error_info*)>;

  PublisherPart(Hub& hub, ternmq::publisher_options options);

  /// `on_ready` is called once, when it can publish or never will.
  void start(OnReady on_ready) { on_ready_ = std::move(on_ready); }
  void publish(OperationPtr<ternmq::outcome> op, ternmq::message&& message);
  void send(OperationPtr<std::uint64_t> op, ternmq::message&& message);
  [[nodiscard]] std::uint64_t try_send(const ternmq::message& message);
  void batch(OperationPtr<std::vector<ternmq::outcome>> op,
             std::vector<ternmq::message>&& messages);
  void drain(OperationPtr<ternmq::publish_report> op);
  void close(OperationPtr<> op);
  /// Its last handle is gone: it ends as soon as everything is confirmed.
  void release();
  [[nodiscard]] std::size_t in_flight() const noexcept {
    return unconfirmed_.count() + waiting_.size();
  }

  void connected() override;
  void lost() override;
  void stop(const error_info& why) override;
  void room() override { admit(); }
  void tick() override;
  [[nodiscard]] Tick next_wake() const override;
  [[nodiscard]] bool is_opening() const noexcept override { return state_ == State::opening; }
  [[nodiscard]] bool is_finished() const noexcept override {
    return is_released_ && state_ == State::over;
  }

  void channel_closed(const error_info& why) override;
  void confirmed(const Confirm& confirm) override;
  void returned(const Return& reason, content message) override;

  void give_up(operation_base& op) override;

 private:
  enum class State : std::uint8_t { down, opening, ready, over };
  struct Waiting {
    ternmq::message message;
    Interest interest;
  };
  using BatchOperation = operation<std::vector<ternmq::outcome>>;

  [[nodiscard]] bool has_room() noexcept;
  void submit(ternmq::message&& message, Interest interest);
  std::uint64_t accept(const ternmq::message& message, Interest interest);
  void admit();
  void on_open();
  void send_again();
  void settle(Unsettled& one, ternmq::outcome result);
  void tell(const Interest& interest, std::uint64_t id, ternmq::outcome&& result);
  void tell_batch(BatchOperation& op, std::uint32_t index, ternmq::outcome&& result);
  void check_drained();
  void finish();
  [[nodiscard]] std::string_view generated_id(const ternmq::message& message);

  Hub& hub_;
  ternmq::publisher_options options_;
  State state_ = State::down;
  bool is_released_ = false;
  bool is_draining_ = false;  // close() or release(): over when all is confirmed
  error_info over_why_ = error_of(errc::connection_closed);
  Channel* channel_ = nullptr;
  OnReady on_ready_;
  Unconfirmed unconfirmed_;
  std::deque<Waiting> waiting_;
  std::vector<operation<ternmq::publish_report>*> drains_;
  std::vector<operation<>*> closes_;
  ternmq::publish_report report_;
  std::string scratch_;    // encoded properties of the message being sent
  std::string id_prefix_;  // of generated message ids
  std::string id_text_;
  std::uint64_t id_count_ = 0;
};

}  // namespace tern::client
