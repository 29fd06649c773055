// The half of Lane for message groups: ready messages that are parked, because another one of their
// group is on its way. They lie below the cursor like requeued ones, but in no order of delivery.

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"
#include "queue/lane.hpp"
#include "queue/place.hpp"

namespace tern::queue {

namespace {
/// Fewer entries than this are not worth tidying.
constexpr std::size_t few_parked = 64;
/// Waiting messages this close together are read with what lies between.
constexpr Position claiming_gap_max = 64;
constexpr std::uint64_t claiming_bytes_max = 1ULL << 20;
}  // namespace

void Lane::park(Position position, Slot& slot) {
  ensure(slot.state == SlotState::ready, "parked a message that is not ready");
  if (position < cursor_) {
    pop_returned();
  } else {
    cursor_ = position + 1;
    --head_count_;
    head_bytes_ -= slot.bytes;
    handed_out_bytes_ += slot.bytes;
  }
  slot.state = SlotState::parked;
  ++parked_count_;
  if (parked_.size() > few_parked + 2 * parked_count_) {
    std::erase_if(parked_, [this](Position other) {
      const Slot* const found = slots_.find(other);
      return found == nullptr || found->state != SlotState::parked;
    });
    std::make_heap(parked_.begin(), parked_.end(), std::greater<>());
  }
  parked_.push_back(position);
  std::push_heap(parked_.begin(), parked_.end(), std::greater<>());
  if (context_.rules.message_ttl) {
    parked_due_.push_back({context_.expiry(*slot.message), position});
    std::push_heap(parked_due_.begin(), parked_due_.end(), std::greater<>());
  }
  if (handed_out_bytes_ > config_.window_head_bytes && is_stored(slot)) lose_resident(slot);
}

void Lane::offer(Position position) {
  Slot* const slot = slots_.find(position);
  ensure(slot != nullptr && slot->state == SlotState::parked, "offered what is not parked");
  --parked_count_;
  slot->state = SlotState::ready;
  push_returned(position);
}

// The lowest parked message; only if there is one.
Slot* Lane::first_parked(Position& position) {
  for (;;) {
    ensure(!parked_.empty(), "parked messages without places");
    position = parked_.front();
    Slot* const slot = slots_.find(position);
    if (slot != nullptr && slot->state == SlotState::parked) return slot;
    std::pop_heap(parked_.begin(), parked_.end(), std::greater<>());
    parked_.pop_back();
  }
}

// A parked message stops being ready.
void Lane::remove_parked(const Slot& slot) noexcept {
  uncount_ready(slot);
  --parked_count_;
}

std::uint64_t Lane::purge_parked() {
  const std::uint64_t before = counts_.ready;
  std::sort(parked_.begin(), parked_.end());
  for (const Position position : parked_) {
    Slot* const slot = slots_.find(position);
    if (slot == nullptr || slot->state != SlotState::parked) continue;
    remove_parked(*slot);
    forget(position, *slot);
  }
  ensure(parked_count_ == 0, "parked messages without places");
  parked_.clear();
  parked_due_.clear();
  return before - counts_.ready;
}

void Lane::forget_groups() {
  ensure(parked_count_ == 0, "messages stay parked without groups");
  parked_.clear();
  parked_due_.clear();
  for (Position position = 1; Slot* const slot = slots_.at_or_after(position); ++position)
    slot->group = 0;
  for (auto& [position, waiting] : waiting_) waiting.group = 0;
  end_claiming();
}

void Lane::claim_groups() {
  if (waiting_.empty()) return;
  ensure(claiming_ == 0, "claims groups twice");
  claiming_ = waiting_.begin()->first;
  ++context_.lanes_claiming;
}

void Lane::end_claiming() {
  if (claiming_ == 0) return;
  claiming_ = 0;
  --context_.lanes_claiming;
}

// Reads those that wait, with what lies between if that is little.
void Lane::read_claiming() {
  auto waiting = waiting_.lower_bound(claiming_);
  ensure(waiting != waiting_.end(), "groups are claimed for nothing");
  const Position first = waiting->first;
  Position last = first;
  for (; waiting != waiting_.end() && waiting->first - last <= claiming_gap_max; ++waiting)
    last = waiting->first;
  read(Reading::claiming, first, last + 1, claiming_bytes_max);
}

void Lane::groups_read(Position next, std::span<const Loaded> messages) {
  if (claiming_ == 0) return;  // There are no groups any more.
  for (const Loaded& loaded : messages) {
    const auto waiting = waiting_.find(loaded.position);
    if (waiting != waiting_.end() && waiting->second.group == Groups::none)
      waiting->second.group = context_.hold_group(*loaded.message);
  }
  claiming_ = std::max(claiming_, next);
  if (waiting_.lower_bound(claiming_) == waiting_.end()) end_claiming();
}

// As soon as the last one is gone, not when the next is looked for: the command that lets it go is
// followed by the next delivery, a look for the next one is not.
void Lane::stop_waiting(WaitingPlace waiting) {
  waiting_.erase(waiting);
  --counts_.delayed;
  if (claiming_ != 0 && waiting_.lower_bound(claiming_) == waiting_.end()) end_claiming();
}

// A message whose slot is gone was its group's active one, in order, or parked.
void Lane::leave_group(Position position, std::uint32_t group, SlotState state) {
  ensure(context_.groups != nullptr, "a member of a forgotten group");
  std::optional<Position> offered;
  if (state == SlotState::parked)
    context_.groups->left_parked(group, place_in_level(config_.level, position));
  else if (state == SlotState::ready)
    offered = context_.groups->left_order(group);
  else
    offered = context_.groups->finished(group);
  if (offered) context_.offer(*offered);
}

void Lane::expire_parked(std::uint32_t& budget) {
  while (budget != 0 && !parked_due_.empty() && parked_due_.front().due <= context_.now) {
    const Position position = parked_due_.front().position;
    std::pop_heap(parked_due_.begin(), parked_due_.end(), std::greater<>());
    parked_due_.pop_back();
    Slot* const slot = slots_.find(position);
    if (slot == nullptr || slot->state != SlotState::parked) continue;
    --budget;
    remove_parked(*slot);
    leave(position, *slot, LeaveReason::expired);
  }
}

}  // namespace tern::queue
