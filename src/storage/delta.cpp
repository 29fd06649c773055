#include "storage/delta.hpp"

#include <algorithm>

#include "storage/varint.hpp"

namespace tern::storage {
namespace {

constexpr std::uint64_t delta_version = 2;

template <class T>
std::uint64_t durable_count(const std::vector<T>& items) {
  return static_cast<std::uint64_t>(
      std::count_if(items.begin(), items.end(), [](const T& item) { return !item.spilled; }));
}

// Reads `n` items of at least one byte each, so that a count that lies costs nothing.
template <class T, class Read>
bool read_items(ByteReader& from, std::vector<T>& items, Read read) {
  const std::uint64_t count = from.varint();
  if (count > from.left()) return false;
  items.reserve(count);
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) items.push_back(read());
  return from.ok();
}

QueueId read_queue(ByteReader& from) {
  const std::uint32_t id = from.varint32();
  if (id == 0 || (id & spill_bit) != 0) from.fail();
  return static_cast<QueueId>(id);
}

Time read_time(ByteReader& from) {
  return Time{Millis{static_cast<std::int64_t>(from.varint())}};
}

}  // namespace

bool Delta::is_volatile() const noexcept {
  return durable_count(appended) == 0 && durable_count(settled) == 0 && marks.empty() &&
         returned.empty() && dropped.empty();
}

void Delta::clear() {
  appended.clear();
  settled.clear();
  marks.clear();
  returned.clear();
  dropped.clear();
}

void encode_delta(const Delta& delta, std::string& to) {
  put_varint(to, delta_version);
  put_varint(to, durable_count(delta.appended));
  for (const Appended& item : delta.appended) {
    if (item.spilled) continue;
    put_varint(to, raw(item.queue));
    put_varint(to, item.epoch);
    put_varint(to, item.first);
    put_varint(to, item.last - item.first);
    put_varint(to, item.count);
    put_varint(to, item.bytes);
    put_varint(to, item.body_bytes);
  }
  put_varint(to, durable_count(delta.settled));
  for (const Settled& item : delta.settled) {
    if (item.spilled) continue;
    put_varint(to, raw(item.queue));
    put_varint(to, item.first);
    put_varint(to, item.last - item.first);
    put_varint(to, item.count);
    put_varint(to, item.bytes);
    put_varint(to, item.body_bytes);
  }
  put_varint(to, delta.marks.size());
  for (const Mark& item : delta.marks) {
    put_varint(to, raw(item.queue));
    put_varint(to, item.low_water);
    put_varint(to, item.delivered);
  }
  put_varint(to, delta.returned.size());
  for (const Returned& item : delta.returned) {
    put_varint(to, raw(item.queue));
    put_varint(to, item.position);
    put_varint(to, item.delivery_count);
    put_varint(to, static_cast<std::uint64_t>(item.due.time_since_epoch().count()));
  }
  put_varint(to, delta.dropped.size());
  for (const QueueId queue : delta.dropped) put_varint(to, raw(queue));
}

std::optional<Delta> decode_delta(Bytes bytes) {
  ByteReader from(bytes);
  Delta delta;
  if (from.varint() != delta_version) return std::nullopt;
  const bool complete = read_items(from, delta.appended,
                                   [&] {
                                     Appended item;
                                     item.queue = read_queue(from);
                                     item.epoch = from.varint32();
                                     item.first = from.varint();
                                     item.last = from.last_of(item.first);
                                     item.count = from.varint();
                                     item.bytes = from.varint();
                                     item.body_bytes = from.varint();
                                     return item;
                                   }) &&
                        read_items(from, delta.settled,
                                   [&] {
                                     Settled item;
                                     item.queue = read_queue(from);
                                     item.first = from.varint();
                                     item.last = from.last_of(item.first);
                                     item.count = from.varint();
                                     item.bytes = from.varint();
                                     item.body_bytes = from.varint();
                                     return item;
                                   }) &&
                        read_items(from, delta.marks,
                                   [&] {
                                     Mark item;
                                     item.queue = read_queue(from);
                                     item.low_water = from.varint();
                                     item.delivered = from.varint();
                                     return item;
                                   }) &&
                        read_items(from, delta.returned,
                                   [&] {
                                     Returned item;
                                     item.queue = read_queue(from);
                                     item.position = from.varint();
                                     item.delivery_count = from.varint32();
                                     item.due = read_time(from);
                                     return item;
                                   }) &&
                        read_items(from, delta.dropped, [&] { return read_queue(from); });
  if (!complete || !from.at_end()) return std::nullopt;
  return delta;
}

}  // namespace tern::storage
