// AdminPart: what is asked of the broker besides messages, in order, on one channel: declaring,
// binding, deleting. A task is a list of requests that are sent at once; the broker's first error
// closes the channel, which is opened again for what comes after. Pure.
#pragma once

#include <deque>
#include <vector>

#include "client/hub.hpp"

namespace tern::client {

class AdminPart final : public Part, public ChannelListener {
 public:
  struct Step {
    std::function<void(Channel&, OnReply)> send;
    /// Its answer, or the error; may be empty.
    OnReply on_reply;
  };
  struct Task {
    std::vector<Step> steps;
    bool stops_at_error = true;
    bool is_recovery = false;  ///< pointless once the connection it was for is lost
    /// With the first error, or nullptr. Called once.
    std::function<void(const error_info*)> on_done;
    std::size_t answered = 0;
    error_info first_error{};
  };

  explicit AdminPart(Hub& hub) : hub_(hub) {}

  void run(Task task);
  /// Before all that wait: what recovery does.
  void run_first(Task task);

  void connected() override;
  void lost() override;
  void stop(const error_info& why) override;
  [[nodiscard]] bool is_opening() const noexcept override { return false; }
  [[nodiscard]] bool is_finished() const noexcept override { return false; }

  void channel_closed(const error_info& why) override;

 private:
  void proceed();
  void answered(const Reply& reply);
  void finish_task();

  Hub& hub_;
  Channel* channel_ = nullptr;
  bool is_sent_ = false;  // the steps of the first task
  std::deque<Task> tasks_;
};

}  // namespace tern::client
