// What the users' handles point to. The last handle that goes away gives its part of the machine
// back, later and on the executor.
#pragma once

#include "client/core.hpp"

namespace ternmq::detail {

template <class Part>
class part_state {
 public:
  part_state(core_ptr owner, Part& part) : core_(std::move(owner)), part_(&part) {}
  part_state(const part_state&) = delete;
  part_state& operator=(const part_state&) = delete;
  ~part_state() {
    core_->enter_later([part = part_](core::Machine&) { part->release(); });
  }

  [[nodiscard]] const core_ptr& owner() const noexcept { return core_; }
  [[nodiscard]] Part& part() const noexcept { return *part_; }

 private:
  core_ptr core_;
  Part* part_;
};

class publisher_state final : public part_state<tern::client::PublisherPart> {
 public:
  using part_state::part_state;
};

class rpc_state final : public part_state<tern::client::RpcPart> {
 public:
  using part_state::part_state;
};

class consumer_state final : public part_state<tern::client::ConsumerPart> {
 public:
  using Hook = std::function<void(const forgotten_delivery&)>;

  consumer_state(core_ptr owner, tern::client::ConsumerPart& part, Hook on_forgotten)
      : part_state(std::move(owner), part),
        epoch_(part.epoch()),
        queue_(part.queue()),
        on_forgotten_(std::move(on_forgotten)) {}

  /// Whether deliveries of that epoch can still be settled. Any thread.
  [[nodiscard]] bool is_current(std::uint64_t epoch) const noexcept { return *epoch_ == epoch; }
  void note_forgotten(std::uint64_t tag) {
    const std::uint64_t count = ++forgotten_;
    if (on_forgotten_) on_forgotten_({queue_, tag, count});
  }
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

 private:
  std::shared_ptr<std::atomic<std::uint64_t>> epoch_;
  std::string queue_;
  Hook on_forgotten_;
  std::atomic<std::uint64_t> forgotten_ = 0;
};

}  // namespace ternmq::detail
