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
  if (parked_ == nullptr) parked_ = std::make_unique<Parked>();
  std::vector<Position>& places = parked_->places;
  ++parked_->count;
  if (places.size() > few_parked + 2 * parked_->count) {
    std::erase_if(places, [this](Position other) {
      const Slot* const found = slots_.find(other);
      return found == nullptr || found->state != SlotState::parked;
    });
    std::make_heap(places.begin(), places.end(), std::greater<>());
  }
  places.push_back(position);
  std::push_heap(places.begin(), places.end(), std::greater<>());
  if (context_.rules->message_ttl) {
    parked_->due.push_back({context_.expiry(*slot.message), position});
    std::push_heap(parked_->due.begin(), parked_->due.end(), std::greater<>());
  }
  if (handed_out_bytes_ > config_.window_head_bytes && is_stored(slot)) lose_resident(slot);
}

void Lane::offer(Position position) {
  Slot* const slot = slots_.find(position);
  ensure(slot != nullptr && slot->state == SlotState::parked, "offered what is not parked");
  --parked_->count;
  slot->state = SlotState::ready;
  push_returned(position);
}

// The lowest parked message; only if there is one.
Slot* Lane::first_parked(Position& position) {
  std::vector<Position>& places = parked_->places;
  for (;;) {
    ensure(!places.empty(), "parked messages without places");
    position = places.front();
    Slot* const slot = slots_.find(position);
    if (slot != nullptr && slot->state == SlotState::parked) return slot;
    std::pop_heap(places.begin(), places.end(), std::greater<>());
    places.pop_back();
  }
}

// A parked message stops being ready.
void Lane::remove_parked(const Slot& slot) noexcept {
  uncount_ready(slot);
  --parked_->count;
}

std::uint64_t Lane::purge_parked() {
  if (parked_ == nullptr) return 0;
  const std::uint64_t before = counts_.ready;
  std::sort(parked_->places.begin(), parked_->places.end());
  for (const Position position : parked_->places) {
    Slot* const slot = slots_.find(position);
    if (slot == nullptr || slot->state != SlotState::parked) continue;
    remove_parked(*slot);
    forget(position, *slot);
  }
  ensure(!has_parked(), "parked messages without places");
  parked_.reset();
  return before - counts_.ready;
}

void Lane::forget_groups() {
  ensure(!has_parked(), "messages stay parked without groups");
  parked_.reset();
  for (Position position = 1; Slot* const slot = slots_.at_or_after(position); ++position)
    slot->group = 0;
  if (earlier_ != nullptr)
    for (auto& [position, waiting] : earlier_->waiting) waiting.group = 0;
  end_claiming();
}

void Lane::claim_groups() {
  if (!is_any_waiting_from(0)) return;
  ensure(earlier_->claiming == 0, "claims groups twice");
  earlier_->claiming = earlier_->waiting.begin()->first;
  ++context_.lanes_claiming;
}

void Lane::end_claiming() {
  if (!is_claiming()) return;
  earlier_->claiming = 0;
  --context_.lanes_claiming;
}

// Reads those that wait, with what lies between if that is little.
void Lane::read_claiming() {
  const std::map<Position, Waiting>& all = earlier_->waiting;
  auto waiting = all.lower_bound(earlier_->claiming);
  ensure(waiting != all.end(), "groups are claimed for nothing");
  const Position first = waiting->first;
  Position last = first;
  for (; waiting != all.end() && waiting->first - last <= claiming_gap_max; ++waiting)
    last = waiting->first;
  read(Reading::claiming, first, last + 1, claiming_bytes_max);
}

void Lane::groups_read(Position next, std::span<const Loaded> messages) {
  if (!is_claiming()) return;  // There are no groups any more.
  for (const Loaded& loaded : messages) {
    const auto waiting = earlier_->waiting.find(loaded.position);
    if (waiting != earlier_->waiting.end() && waiting->second.group == Groups::none)
      waiting->second.group = context_.grouping->hold(*loaded.message);
  }
  earlier_->claiming = std::max(earlier_->claiming, next);
  if (!is_any_waiting_from(earlier_->claiming)) end_claiming();
}

// As soon as the last one is gone, not when the next is looked for: the command that lets it go is
// followed by the next delivery, a look for the next one is not.
void Lane::stop_waiting(WaitingPlace waiting) {
  earlier_->waiting.erase(waiting);
  --counts_.delayed;
  if (is_claiming() && !is_any_waiting_from(earlier_->claiming)) end_claiming();
}

// A message whose slot is gone was its group's active one, in order, or parked.
void Lane::leave_group(Position position, std::uint32_t group, SlotState state) {
  ensure(context_.grouping != nullptr, "a member of a forgotten group");
  std::optional<Position> offered;
  if (state == SlotState::parked)
    context_.grouping->groups.left_parked(group, place_in_level(config_.level, position));
  else if (state == SlotState::ready)
    offered = context_.grouping->groups.left_order(group);
  else
    offered = context_.grouping->groups.finished(group);
  if (offered) context_.grouping->offer(*offered);
}

void Lane::expire_parked(std::uint32_t& budget) {
  std::vector<DuePoint>& due = parked_->due;
  while (budget != 0 && !due.empty() && due.front().due <= context_.now) {
    const Position position = due.front().position;
    std::pop_heap(due.begin(), due.end(), std::greater<>());
    due.pop_back();
    Slot* const slot = slots_.find(position);
    if (slot == nullptr || slot->state != SlotState::parked) continue;
    --budget;
    remove_parked(*slot);
    leave(position, *slot, LeaveReason::expired);
  }
}

}  // namespace tern::queue
