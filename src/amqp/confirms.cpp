// Settling and merging of publisher confirms.
#include "amqp/confirms.hpp"

namespace tern::amqp {

void ConfirmBook::settle(std::uint64_t sequence, bool refused) noexcept {
  if (sequence < first_ || sequence - first_ >= waiting_.size()) return;
  Entry& entry = waiting_[sequence - first_];
  if (entry.left == 0) return;
  --entry.left;
  entry.refused |= refused;
}

ConfirmBook::Run ConfirmBook::take() noexcept {
  Run run;
  if (!has_done()) return run;
  run.refused = waiting_.front().refused;
  std::size_t count = 0;
  while (has_done() && waiting_.front().refused == run.refused) {
    waiting_.pop_front();
    ++count;
  }
  first_ += count;
  run.last = first_ - 1;
  run.multiple = count > 1;
  return run;
}

}  // namespace tern::amqp
