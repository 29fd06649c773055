// SettledRanges: gathers settled stored messages of one command into ranges, so that the store
// hears of a run of consecutive positions once. Owned by a Lane, used on its shard's thread.
#pragma once

#include <memory>

#include "queue/sink.hpp"

namespace tern::queue {

class SettledRanges {
 public:
  SettledRanges(QueueId queue, Sink& sink) : sink_(sink), queue_(queue) {}

  /// A stored message is done with. Runs are found if the positions come in ascending order.
  void add(Position position, std::uint64_t bytes, std::uint64_t body_bytes, bool spilled) {
    StoredRange& range = spilled ? spilled_range() : kept_;
    if (range.count != 0 && position != range.last) emit(range);
    if (range.count == 0) range.first = position;
    range.last = position + 1;
    ++range.count;
    range.bytes += bytes;
    range.body_bytes += body_bytes;
  }

  /// Tells the sink what is left; at the end of every command.
  void flush() {
    if (kept_.count != 0) emit(kept_);
    if (spilled_ != nullptr && spilled_->count != 0) emit(*spilled_);
  }

 private:
  [[nodiscard]] StoredRange& spilled_range() {
    if (spilled_ == nullptr) spilled_ = std::make_unique<StoredRange>(StoredRange{.spilled = true});
    return *spilled_;
  }
  void emit(StoredRange& range) {
    sink_.settle_stored(queue_, range);
    range.count = 0;
    range.bytes = 0;
    range.body_bytes = 0;
  }

  Sink& sink_;
  StoredRange kept_;
  std::unique_ptr<StoredRange> spilled_;  ///< once there was one
  QueueId queue_;
};

}  // namespace tern::queue
