// The half of Lane that reads messages from the store: one read at a time, for whatever is needed
// most.
//
//   ahead     the middle's front, for the head; or because the first of the middle are to leave
//   returned  requeued messages that are not in memory
//   leaving   single messages that leave once they are read
//   looking   what an operator wants to see (lane_browse.cpp)
//   claiming  messages that hold their groups since before the restart (lane_groups.cpp)

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "queue/lane.hpp"

namespace tern::queue {

namespace {
/// Requeued messages asked for in one read, at most.
constexpr std::uint32_t returned_run_max = 4096;
/// Leaving messages this close together are read with what lies between.
constexpr Position leaving_gap_max = 64;
constexpr std::uint64_t leaving_bytes_max = 1ULL << 20;
}  // namespace

void Lane::read_on(bool wanted) {
  if (reading_ != Reading::nothing || read_failed_) return;
  const std::uint64_t window = std::max<std::uint64_t>(config_.window_head_bytes / 2, 1);
  if (draining() != 0) return read(Reading::ahead, head_end_, tail_begin_, window);
  if (wanted && is_claiming()) {
    read_claiming();
    if (reading_ != Reading::nothing) return;
  }
  Position position = 0;
  if (wanted && (!returned_.empty() || slim_head_ != 0)) {
    const Slot* const slot = first_ready(position);
    if (slot != nullptr && !slot->message)
      return read(Reading::returned, position, end_of_returned_run(position), window);
  }
  const bool ahead = wanted && middle_count() != 0;
  if (ahead && head_count_ == 0) return read(Reading::ahead, head_end_, tail_begin_, window);
  if (has_wishes()) return read_leaving();
  if (ahead && head_bytes_ <= config_.window_head_bytes / 2)
    read(Reading::ahead, head_end_, tail_begin_, window);
}

void Lane::read(Reading what, Position from, Position to, std::uint64_t bytes_max) {
  reading_ = what;
  read_from_ = from;
  read_to_ = to;
  sink_.read(config_.stream, from, to, bytes_max);
}

void Lane::read_leaving() {
  const Position first = leaving_->wishes.begin()->first;
  Position last = first;
  for (const auto& [position, wish] : leaving_->wishes) {
    if (position - last > leaving_gap_max) break;
    last = position;
  }
  read(Reading::leaving, first, last + 1, leaving_bytes_max);
}

// Up to where all messages are requeued and not in memory, so that one read brings them all.
Position Lane::end_of_returned_run(Position first) {
  std::uint64_t bytes = 0;
  Position end = first + 1;
  for (std::uint32_t count = 1; count != returned_run_max; ++count) {
    Position position = end;
    const Slot* const slot = slots_.at_or_after(position);
    if (slot == nullptr || position >= cursor_ || slot->message) break;
    if (slot->state != SlotState::ready) break;
    bytes += slot->bytes;
    if (bytes >= config_.window_head_bytes / 2) break;
    end = position + 1;
  }
  return end;
}

// Whatever happened while the read was under way, an answer counts for just three kinds of
// position: ready ones without message, those that leave, and the middle as it is now. Settled and
// purged ones are none of these.
void Lane::loaded(Position from, Position next, std::span<Loaded> messages) {
  ensure(reading_ != Reading::nothing && from == read_from_, "loaded what was not asked for");
  const Reading what = std::exchange(reading_, Reading::nothing);
  if (!messages.empty()) next = std::max(next, messages.back().position + 1);
  next = std::min(next, read_to_);
  if (what == Reading::looking) {
    looked_ = std::make_unique<Looked>(Looked{from, next, {}});
    for (Loaded& message : messages) looked_->messages.push_back(std::move(message));
    return;
  }
  read_failed_ = next <= from;
  if (what == Reading::claiming) return groups_read(next, messages);
  std::map<Position, Wish>& wishes = leaving().wishes;
  auto wish = wishes.lower_bound(from);
  for (Loaded& message : messages) {
    ensure(static_cast<bool>(message.message), "loaded nothing");
    const Position position = message.position;
    // What was to leave and is not in the store is gone.
    while (wish != wishes.end() && wish->first < position) wish = wishes.erase(wish);
    const bool wished = wish != wishes.end() && wish->first == position;
    if (wished) ++wish;
    if (wished && take_leaving(message, what)) continue;
    if (Slot* const slot = slots_.find(position); slot != nullptr)
      load_slot(*slot, message);
    else if (what == Reading::ahead && is_in_middle(position) && !is_hole(position))
      load_middle(message);
  }
  while (wish != wishes.end() && wish->first < next) wish = wishes.erase(wish);
  drop_vanished(from, next);
  if (what == Reading::ahead) advance_head(next);
  if (middle_count() == 0) head_end_ = tail_begin_;
  leaving_->holes.forget_below(head_end_);
  if (leaving_->is_empty()) leaving_.reset();
}

// A message that somebody wished away has come. False: load_middle() will see to it.
bool Lane::take_leaving(Loaded& loaded, Reading what) {
  const Wish wish = leaving_->wishes.find(loaded.position)->second;
  if (wish.is_out) {
    leaving_->wishes.erase(loaded.position);
    let_go(loaded, &wish);
    return true;
  }
  if (Slot* const slot = slots_.find(loaded.position); slot != nullptr) {
    leaving_->wishes.erase(loaded.position);
    expire_slot(*slot, loaded);
    return true;
  }
  if (what == Reading::ahead) return false;
  if (!is_in_middle(loaded.position) || is_hole(loaded.position)) {
    leaving_->wishes.erase(loaded.position);
  } else if (draining() == 0) {
    static_cast<void>(leave_by_wish(loaded));
  }
  return true;
}

// A message that has a slot and may have expired was not in memory: now it can be seen.
void Lane::expire_slot(Slot& slot, Loaded& loaded) {
  const bool is_overdue = Context::own_expiry(*loaded.message) <= context_.now;
  slot.timed = loaded.message->has_ttl();
  const Position position = loaded.position;
  load_slot(slot, loaded);
  if (!is_overdue) return;
  if (slot.state == SlotState::parked) {
    remove_parked(slot);
  } else if (slot.state == SlotState::ready) {
    remove_ready(position, slot);
  } else {
    slot.overdue = true;
    return;
  }
  leave(position, slot, LeaveReason::expired);
}

// Lets a message of the middle go if somebody wished it away and is right.
bool Lane::leave_by_wish(Loaded& loaded) {
  if (!is_wished_away(loaded.position)) return false;
  const auto found = leaving_->wishes.find(loaded.position);
  const Wish wish = found->second;
  leaving_->wishes.erase(found);
  if (wish.reason == LeaveReason::expired && !context_.is_expired(*loaded.message)) return false;
  --counts_.ready;
  context_.count(wish.reason);
  leave_middle(loaded, &wish);
  return true;
}

// What is stored of a message that is counted no more is settled; it goes on if it has to. Without
// a wish it was purged.
void Lane::let_go(Loaded& loaded, const Wish* wish) {
  const Message& message = *loaded.message;
  const bool is_spilled = !is_kept(message);
  if (wish == nullptr || !context_.forwards(wish->reason)) {
    settled_.add(loaded.position, message.bytes(), message.body().size(), is_spilled);
    return;
  }
  Forward forward;
  forward.reason = wish->reason;
  forward.operation = wish->operation;
  forward.stream = config_.stream;
  forward.stored = {loaded.position, loaded.position + 1,   1,
                    message.bytes(), message.body().size(), is_spilled};
  forward.message = std::move(loaded.message);
  context_.forward(std::move(forward));
}

void Lane::leave_middle(Loaded& loaded, const Wish* wish) {
  const Stored taken = take_from_middle(*loaded.message);
  counts_.ready_bytes -= taken.bytes;
  counts_.ready_body_bytes -= taken.body_bytes;
  leaving().holes.insert(loaded.position);
  let_go(loaded, wish);
}

// What the store counts as a message's bytes after a restart may differ from what it takes here.
Lane::Stored Lane::take_from_middle(const Message& message) {
  Stored& stored = is_kept(message) ? kept_ : spilled_;
  if (stored.count == 0) return {};
  Stored taken{1, std::min<std::uint64_t>(message.bytes(), stored.bytes),
               std::min<std::uint64_t>(message.body().size(), stored.body_bytes)};
  if (stored.count == 1) taken = stored;
  stored.count -= taken.count;
  stored.bytes -= taken.bytes;
  stored.body_bytes -= taken.body_bytes;
  return taken;
}

void Lane::load_slot(Slot& slot, Loaded& loaded) {
  if (slot.message || slot.state != SlotState::ready) return;
  if (slot.bytes == 0) {
    slot.bytes = loaded.message->bytes();
    slot.body_bytes = static_cast<std::uint32_t>(loaded.message->body().size());
    counts_.ready_bytes += slot.bytes;
    counts_.ready_body_bytes += slot.body_bytes;
  }
  slot.message = std::move(loaded.message);
  counts_.resident_bytes += slot.bytes;
  if (loaded.position < cursor_) {
    handed_out_bytes_ += slot.bytes;
  } else {
    head_bytes_ += slot.bytes;
    --slim_head_;
  }
}

void Lane::load_middle(Loaded& loaded) {
  if (is_waiting(loaded.position)) return;
  const bool spilled = !is_kept(*loaded.message);
  if ((spilled ? spilled_ : kept_).count == 0) return;
  if (draining() != 0) {
    const Wish doom{.reason = LeaveReason::maxlen};
    const bool is_doomed = leaving_->doomed != 0;
    is_doomed ? --leaving_->doomed : --leaving_->condemned;
    leaving_->wishes.erase(loaded.position);
    leave_middle(loaded, is_doomed ? &doom : nullptr);
    return;
  }
  if (leave_by_wish(loaded)) return;
  const Stored taken = take_from_middle(*loaded.message);
  Slot& slot = slots_.occupy(loaded.position);
  slot.bytes = loaded.message->bytes();
  slot.body_bytes = static_cast<std::uint32_t>(loaded.message->body().size());
  slot.timed = loaded.message->has_ttl();
  if (slot.timed) static_cast<void>(due_index());
  slot.message = std::move(loaded.message);
  slot.delivery_count = loaded.delivery_count;
  slot.spilled = spilled;
  slot.loaded = true;
  if (const auto count = returns_before(loaded.position)) {
    slot.delivery_count = *count;
    slot.redelivered = true;
    earlier_->back.erase(loaded.position);
  }
  counts_.ready_bytes += slot.bytes - taken.bytes;
  counts_.ready_body_bytes += slot.body_bytes - taken.body_bytes;
  counts_.resident_bytes += slot.bytes;
  head_bytes_ += slot.bytes;
  ++head_count_;
}

// A ready message that the store was asked for and no longer has must not block those behind it.
void Lane::drop_vanished(Position from, Position next) {
  while (!returned_.empty() || slim_head_ != 0) {
    Position position = 0;
    Slot* const slot = first_ready(position);
    if (slot == nullptr || slot->message || position < from || position >= next) return;
    remove_ready(position, *slot);
    release_slot(position, *slot);
  }
}

// The middle below `next` is loaded. What is counted for it beyond that does not exist.
void Lane::advance_head(Position next) {
  if (middle_count() == 0 || next <= head_end_) return;
  head_end_ = std::min(next, tail_begin_);
  if (head_end_ != tail_begin_) return;
  counts_.ready -= middle_ready();
  counts_.ready_bytes -= kept_.bytes + spilled_.bytes;
  counts_.ready_body_bytes -= kept_.body_bytes + spilled_.body_bytes;
  kept_ = spilled_ = {};
  leaving_->doomed = leaving_->condemned = 0;
}

}  // namespace tern::queue
