#include "storage/queue_state.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::storage {
namespace {

constexpr std::uint64_t record_version = 2;

void reduce(std::uint64_t& value, std::uint64_t by) {
  value -= std::min(value, by);
}

// Positions ascend. False if the bytes say something else.
bool decode_returned(ByteReader& from, std::map<Position, ReturnNote>& to) {
  const std::uint64_t count = from.varint();
  if (count > from.left() / 3) from.fail();
  Position position = 0;
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) {
    const std::uint64_t step = from.varint();
    if ((step == 0 && i > 0) || step > ~Position{0} - position) return false;
    position += step;
    ReturnNote note;
    note.delivery_count = from.varint32();
    note.due = Time{Millis{static_cast<std::int64_t>(from.varint())}};
    to.emplace_hint(to.end(), position, note);
  }
  return from.ok();
}

}  // namespace

void EpochLedger::add_segment(Epoch epoch) {
  EpochUse& use = uses_[epoch];
  if (use.segments == 0 && use.bytes == 0) use.begun = std::chrono::steady_clock::now();
  ++use.segments;
}

void EpochLedger::drop_segment(Epoch epoch, std::uint64_t live_bytes) {
  const auto use = uses_.find(epoch);
  ensure(use != uses_.end() && use->second.segments > 0, "segment of an unknown epoch");
  --use->second.segments;
  reduce(use->second.live_bytes, live_bytes);
}

void EpochLedger::append(Epoch epoch, std::uint64_t bytes, std::uint64_t live_bytes) {
  EpochUse& use = uses_[epoch];
  use.bytes += bytes;
  use.live_bytes += live_bytes;
}

void EpochLedger::settle(Epoch epoch, std::uint64_t bytes) {
  reduce(uses_[epoch].live_bytes, bytes);
}

void StreamContents::append(const Appended& appended, EpochLedger& ledger) {
  ensure(appended.first <= appended.last, "appended range upside down");
  count += appended.count;
  bytes += appended.bytes;
  body_bytes += appended.body_bytes;
  end = std::max(end, appended.last + 1);
  ledger.append(appended.epoch, appended.bytes, appended.bytes);
  if (segments.empty() || segments.back().epoch != appended.epoch) {
    ensure(segments.empty() || segments.back().epoch < appended.epoch, "epochs go forward");
    if (!segments.empty() && appended.first <= segments.back().last) unordered = true;
    segments.push_back({.epoch = appended.epoch,
                        .first = appended.first,
                        .last = appended.last,
                        .live_count = appended.count,
                        .live_bytes = appended.bytes,
                        .bytes = appended.bytes});
    ledger.add_segment(appended.epoch);
    return;
  }
  Segment& segment = segments.back();
  if (appended.first <= segment.last) segment.unordered = true;
  if (appended.first < segment.first) unordered = true;  // perhaps below the segment before, too
  segment.first = std::min(segment.first, appended.first);
  segment.last = std::max(segment.last, appended.last);
  segment.live_count += appended.count;
  segment.live_bytes += appended.bytes;
  segment.bytes += appended.bytes;
}

void StreamContents::settle(const Settled& done, Position low_water, EpochLedger& ledger) {
  if (done.first >= done.last) return;
  settled.fill(std::max(done.first, low_water), std::max(done.last, low_water));
  reduce(count, done.count);
  reduce(bytes, done.bytes);
  reduce(body_bytes, done.body_bytes);
  returned.erase(returned.lower_bound(done.first), returned.lower_bound(done.last));
  settle_segments(done, ledger);
  drop_dead(low_water, ledger);
}

// Books a settled range to the segments it touches. A range that lies in one segment, or reaches
// into one and covers others, is booked exactly. If it reaches into two without covering them, how
// much of it lies in which is a guess, and both are dead only when the low-water mark says so.
void StreamContents::settle_segments(const Settled& done, EpochLedger& ledger) {
  auto begin = segments.begin();
  if (!unordered) {
    begin = std::lower_bound(segments.begin(), segments.end(), done.first,
                             [](const Segment& s, Position p) { return s.last < p; });
  }
  std::uint64_t left_count = done.count;
  std::uint64_t left_bytes = done.bytes;
  std::vector<Segment*> touched;
  std::uint64_t overlap_sum = 0;
  const auto overlap = [&](const Segment& s) {
    return std::min(s.last + 1, done.last) - std::max(s.first, done.first);
  };
  for (auto it = begin; it != segments.end(); ++it) {
    if (it->first >= done.last) {
      if (unordered) continue;
      break;
    }
    if (it->last < done.first) continue;
    if (done.first <= it->first && it->last < done.last) {
      reduce(left_count, it->live_count);
      reduce(left_bytes, it->live_bytes);
      ledger.settle(it->epoch, it->live_bytes);
      it->live_count = it->live_bytes = 0;
      it->inexact = false;
    } else {
      touched.push_back(&*it);
      overlap_sum += overlap(*it);
    }
  }
  for (Segment* segment : touched) {
    if (touched.size() > 1) segment->inexact = true;
    const std::uint64_t part = overlap(*segment);
    const std::uint64_t n = touched.size() == 1 ? left_count : left_count * part / overlap_sum;
    const auto b = touched.size() == 1
                       ? left_bytes
                       : static_cast<std::uint64_t>(static_cast<double>(left_bytes) *
                                                    static_cast<double>(part) /
                                                    static_cast<double>(overlap_sum));
    ledger.settle(segment->epoch, std::min(b, segment->live_bytes));
    reduce(segment->live_count, n);
    reduce(segment->live_bytes, b);
  }
}

void StreamContents::raise_low_water(Position low_water, EpochLedger& ledger) {
  settled.forget_below(low_water);
  returned.erase(returned.begin(), returned.lower_bound(low_water));
  drop_dead(low_water, ledger);
}

void StreamContents::drop_dead(Position low_water, EpochLedger& ledger) {
  std::erase_if(segments, [&](const Segment& s) {
    const bool dead = s.last < low_water || (s.live_count == 0 && !s.inexact);
    if (dead) ledger.drop_segment(s.epoch, s.live_bytes);
    return dead;
  });
  if (!segments.empty()) return;
  unordered = false;
  returned.clear();
}

void StreamContents::note_return(const Returned& note, Position low_water) {
  const bool is_there = note.position >= low_water && !settled.contains(note.position) &&
                        std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
                          return segment.first <= note.position && note.position <= segment.last;
                        });
  if (is_there) returned.insert_or_assign(note.position, ReturnNote{note.delivery_count, note.due});
}

void StreamContents::drop_all(EpochLedger& ledger) {
  for (const Segment& segment : segments) ledger.drop_segment(segment.epoch, segment.live_bytes);
  segments.clear();
}

const Segment* StreamContents::find(Epoch epoch) const noexcept {
  const auto it = std::lower_bound(segments.begin(), segments.end(), epoch,
                                   [](const Segment& s, Epoch e) { return s.epoch < e; });
  return it != segments.end() && it->epoch == epoch ? &*it : nullptr;
}

void encode_queue_record(CommitId as_of, const QueueState& state, std::string& to) {
  put_varint(to, record_version);
  put_varint(to, as_of);
  put_varint(to, state.low_water);
  put_varint(to, state.next);
  put_varint(to, state.delivered);
  const StreamContents* contents = state.stored.get();
  put_varint(to, contents != nullptr ? contents->segments.size() : 0);
  if (contents == nullptr || contents->segments.empty()) return;
  put_varint(to, contents->count);
  put_varint(to, contents->bytes);
  put_varint(to, contents->body_bytes);
  put_varint(to, contents->unordered ? 1 : 0);
  for (const Segment& s : contents->segments) {
    put_varint(to, s.epoch);
    put_varint(to, (s.unordered ? 1U : 0U) | (s.inexact ? 2U : 0U));
    put_varint(to, s.first);
    put_varint(to, s.last - s.first);
    put_varint(to, s.live_count);
    put_varint(to, s.live_bytes);
    put_varint(to, s.bytes);
  }
  contents->settled.encode(to);
  put_varint(to, contents->returned.size());
  Position before = 0;
  for (const auto& [position, note] : contents->returned) {
    put_varint(to, position - before);
    put_varint(to, note.delivery_count);
    put_varint(to, static_cast<std::uint64_t>(note.due.time_since_epoch().count()));
    before = position;
  }
}

std::optional<QueueRecord> decode_queue_record(Bytes bytes) {
  ByteReader from(bytes);
  QueueRecord record;
  QueueState& state = record.state;
  if (from.varint() != record_version) return std::nullopt;
  record.as_of = from.varint();
  state.low_water = from.varint();
  state.next = from.varint();
  state.delivered = from.varint();
  const std::uint64_t segments = from.varint();
  if (!from.ok() || segments > from.left() / 7) return std::nullopt;
  if (segments > 0) {
    state.stored = std::make_unique<StreamContents>();
    state.stored->count = from.varint();
    state.stored->bytes = from.varint();
    state.stored->body_bytes = from.varint();
    state.stored->unordered = from.varint() != 0;
    state.stored->segments.reserve(segments);
    for (std::uint64_t i = 0; i < segments; ++i) {
      Segment& s = state.stored->segments.emplace_back();
      s.epoch = from.varint32();
      const std::uint64_t flags = from.varint();
      s.unordered = (flags & 1) != 0;
      s.inexact = (flags & 2) != 0;
      s.first = from.varint();
      s.last = from.last_of(s.first);
      s.live_count = from.varint();
      s.live_bytes = from.varint();
      s.bytes = from.varint();
      state.stored->end = std::max(state.stored->end, s.last + 1);
      if (i > 0 && state.stored->segments[i - 1].epoch >= s.epoch) return std::nullopt;
    }
    auto settled = SettledSet::decode(from);
    if (!settled) return std::nullopt;
    state.stored->settled = std::move(*settled);
    if (!decode_returned(from, state.stored->returned)) return std::nullopt;
  }
  if (!from.ok() || !from.at_end()) return std::nullopt;
  return record;
}

}  // namespace tern::storage
