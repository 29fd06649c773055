// Inspection: what one shard has under way of operations.hpp: searches and redrives, which go
// through a queue page by page, and interventions, which may have to read messages first. Owned by
// a shard, used on its thread.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "broker/operations.hpp"
#include "dlq/message_filter.hpp"

namespace tern::broker {

/// A walk over the messages of one queue in one state.
struct Inspection {
  QueueId queue{};
  queue::MessageState state{};
  dlq::MessageFilter filter;
  Position from = 0;
  std::uint64_t looked_at_max = 0;

  // A peek or search, if `peeked` is set.
  Operations::PeekDone peeked;
  std::uint32_t count_max = 0;
  PeekResult result;

  // An intervention, if `intervened` is set: in one message after the other.
  Operations::CountDone intervened;
  queue::Intervention intervention{};
  std::vector<Position> positions;  ///< that are left, the next one last
  std::uint32_t looks = 0;          ///< for the next one, because it is not in memory
  std::uint64_t count = 0;

  // Else a redrive.
  RedriveRequest redrive;
  Operations::Report report;
  RedriveProgress progress;
  bool is_stopped = false;
  std::optional<Time> resume_at;  ///< the rate allows the next page then
};

/// Running inspections by number.
class Inspections {
 public:
  static constexpr std::uint32_t page_messages = 100;
  static constexpr std::uint64_t page_bytes = 4ULL << 20;

  std::uint64_t add(std::uint64_t number, Inspection&& inspection);
  [[nodiscard]] Inspection* find(std::uint64_t number);
  void erase(std::uint64_t number) { running_.erase(number); }

  /// When the next redrive goes on.
  [[nodiscard]] std::optional<Time> next_due() const;
  /// Numbers of the redrives that may go on now.
  [[nodiscard]] std::vector<std::uint64_t> take_due(Time now);
  /// Numbers of what walks over that queue.
  [[nodiscard]] std::vector<std::uint64_t> of_queue(QueueId queue) const;

 private:
  std::unordered_map<std::uint64_t, Inspection> running_;
};

}  // namespace tern::broker
