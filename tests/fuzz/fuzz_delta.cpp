// Fuzzes deltas as a damaged disk would show them: what is accepted makes sense by itself, and
// survives a round trip.
#include <algorithm>

#include "base/ensure.hpp"
#include "storage/delta.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

void check_queue(QueueId queue) {
  ensure(raw(queue) != 0, "a queue without a number");
  ensure(!is_spilled(raw(queue)), "a spill stream instead of a queue");
}

void check_sense(const Delta& delta) {
  for (const Appended& item : delta.appended) {
    check_queue(item.queue);
    ensure(item.first < item.last + 1, "appended range upside down, or without an end");
    ensure(!item.spilled, "spilled messages on disk");
  }
  for (const Settled& item : delta.settled) {
    check_queue(item.queue);
    ensure(item.first <= item.last, "settled range upside down");
    ensure(!item.spilled, "spilled messages on disk");
  }
  for (const Mark& item : delta.marks) check_queue(item.queue);
  for (const Returned& item : delta.returned) check_queue(item.queue);
  for (const QueueId queue : delta.dropped) check_queue(queue);
}

template <class T, class Same>
void check_same(const std::vector<T>& left, const std::vector<T>& right, Same same) {
  ensure(std::equal(left.begin(), left.end(), right.begin(), right.end(), same),
         "changed by a round trip");
}

void check_same(const Delta& left, const Delta& right) {
  check_same(left.appended, right.appended, [](const Appended& a, const Appended& b) {
    return a.queue == b.queue && a.epoch == b.epoch && a.first == b.first && a.last == b.last &&
           a.count == b.count && a.bytes == b.bytes && a.body_bytes == b.body_bytes;
  });
  check_same(left.settled, right.settled, [](const Settled& a, const Settled& b) {
    return a.queue == b.queue && a.first == b.first && a.last == b.last && a.count == b.count &&
           a.bytes == b.bytes && a.body_bytes == b.body_bytes;
  });
  check_same(left.returned, right.returned, [](const Returned& a, const Returned& b) {
    return a.queue == b.queue && a.position == b.position && a.delivery_count == b.delivery_count &&
           a.due == b.due;
  });
  check_same(left.marks, right.marks, [](const Mark& a, const Mark& b) {
    return a.queue == b.queue && a.low_water == b.low_water && a.delivered == b.delivered;
  });
  ensure(left.dropped == right.dropped, "dropped queues changed by a round trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto delta = decode_delta(input);
  if (!delta) return 0;
  check_sense(*delta);
  ensure(!decode_delta(input + '\0'), "accepted with an octet too many");
  std::string value;
  encode_delta(*delta, value);
  ensure(value.size() <= size, "delta grew");
  const auto again = decode_delta(value);
  ensure(again.has_value(), "own encoding refused");
  check_same(*delta, *again);
  return 0;
}
