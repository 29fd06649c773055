// Fuzzes queue records as a damaged disk would show them: what is accepted makes sense by itself,
// and survives a round trip. The settled set in it has its own target.
#include <algorithm>

#include "base/ensure.hpp"
#include "storage/queue_state.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

void check_sense(const StreamContents& contents) {
  ensure(!contents.segments.empty(), "contents without a segment");
  Position end = 0;
  for (const Segment& segment : contents.segments) {
    ensure(segment.first < segment.last + 1, "segment upside down, or without an end");
    ensure(contents.find(segment.epoch) == &segment, "segments are not in order");
    end = std::max(end, segment.last + 1);
  }
  ensure(contents.end == end, "the end is not behind the last segment");
}

void check_same(const Segment& left, const Segment& right) {
  ensure(left.epoch == right.epoch, "epoch changed by a round trip");
  ensure(left.unordered == right.unordered, "order changed by a round trip");
  ensure(left.inexact == right.inexact, "exactness changed by a round trip");
  ensure(left.first == right.first, "first position changed by a round trip");
  ensure(left.last == right.last, "last position changed by a round trip");
  ensure(left.live_count == right.live_count, "number of messages changed by a round trip");
  ensure(left.live_bytes == right.live_bytes, "live bytes changed by a round trip");
  ensure(left.bytes == right.bytes, "bytes changed by a round trip");
}

void check_same(const StreamContents& left, const StreamContents& right) {
  ensure(left.count == right.count, "number of messages changed by a round trip");
  ensure(left.bytes == right.bytes, "bytes changed by a round trip");
  ensure(left.body_bytes == right.body_bytes, "bytes of bodies changed by a round trip");
  ensure(std::equal(left.returned.begin(), left.returned.end(), right.returned.begin(),
                    right.returned.end(),
                    [](const auto& a, const auto& b) {
                      return a.first == b.first && a.second.due == b.second.due &&
                             a.second.delivery_count == b.second.delivery_count;
                    }),
         "what came back changed by a round trip");
  ensure(left.unordered == right.unordered, "order changed by a round trip");
  ensure(left.end == right.end, "end changed by a round trip");
  ensure(left.segments.size() == right.segments.size(), "segments changed by a round trip");
  for (std::size_t i = 0; i < left.segments.size(); ++i)
    check_same(left.segments[i], right.segments[i]);
  ensure(left.settled.empty() == right.settled.empty(), "settled set changed by a round trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto record = decode_queue_record(input);
  if (!record) return 0;
  ensure(!decode_queue_record(input + '\0'), "accepted with an octet too many");
  const QueueState& state = record->state;
  ensure(!state.spilled, "spilled messages on disk");
  if (state.stored) check_sense(*state.stored);

  std::string value;
  encode_queue_record(record->as_of, state, value);
  const auto again = decode_queue_record(value);
  ensure(again.has_value(), "own encoding refused");
  ensure(again->as_of == record->as_of, "commit changed by a round trip");
  ensure(again->state.low_water == state.low_water, "low water changed by a round trip");
  ensure(again->state.next == state.next, "next position changed by a round trip");
  ensure(again->state.delivered == state.delivered, "delivered mark changed by a round trip");
  ensure(!again->state.stored == !state.stored, "contents changed by a round trip");
  if (state.stored) check_same(*state.stored, *again->state.stored);
  return 0;
}
