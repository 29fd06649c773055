// SIGTERM and SIGINT ask the relay to stop: the batch in work is finished or rolled back, nothing
// new is begun. A second one ends the program at once. One object per process, on the main thread.
#pragma once

#include "outbox/ports.hpp"

namespace tern::outbox {

class StopSignal : public Stopping {
 public:
  /// From now on the signals are caught.
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal() override;

  [[nodiscard]] bool is_asked() const override;
  void pause(std::chrono::milliseconds time) override;
  /// Becomes readable, and stays so, once the relay is to stop.
  [[nodiscard]] int descriptor() const noexcept { return read_end_; }

 private:
  int read_end_ = -1;
};

}  // namespace tern::outbox
