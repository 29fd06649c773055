// The part of Machine for message groups (groups.hpp): which of the ready messages may go out.

#include "base/ensure.hpp"
#include "queue/machine.hpp"
#include "queue/place.hpp"

namespace tern::queue {

// A message that is first in order takes its group, or is parked.
Queue::Machine::Way Queue::Machine::claim(Lane& lane, Position position, Slot& slot) {
  if (context_.grouping == nullptr) return Way::free;
  if (context_.lanes_claiming != 0) return Way::blocked;
  const Position place = place_in_level(lane.level(), position);
  Groups& groups = context_.grouping->groups;
  Groups::Claim claim{};
  if (slot.group != Groups::none) {
    claim = groups.claim_again(place, slot.group);
  } else {
    const auto hash = context_.grouping->hash_of(*slot.message);
    if (!hash) return Way::free;
    Groups::Index group = Groups::none;
    claim = groups.claim(*hash, place, group);
    slot.group = group;
  }
  if (claim == Groups::Claim::granted) return Way::free;
  if (claim == Groups::Claim::full) return Way::blocked;
  lane.park(position, slot);
  return Way::parked;
}

// Nobody could take the message: it stays first in order.
void Queue::Machine::unclaim(const Lane& lane, Position position, const Slot& slot) {
  if (context_.grouping == nullptr || slot.group == Groups::none) return;
  const Position place = place_in_level(lane.level(), position);
  if (const auto offered = context_.grouping->groups.came_back(slot.group, place)) offer(*offered);
}

void Queue::Machine::offer(Position place) {
  Lane* lane = &lane_;
  if (levels_ != nullptr) {
    lane = levels_->find(level_of_place(place));
    ensure(lane != nullptr, "a parked message without a lane");
    levels_->note_ready(lane->level());
  }
  lane->offer(position_of_place(place));
}

std::uint64_t Queue::Machine::purge_parked() {
  if (context_.grouping == nullptr) return 0;
  std::uint64_t count = 0;
  if (levels_ == nullptr) {
    count = lane_.purge_parked();
  } else {
    levels_->each([&count](Lane& lane) { count += lane.purge_parked(); });
  }
  return count;
}

// Under another name all groups begin anew: what is unacked then belongs to none. Under another
// time to live the parked ones expire at other times, which they learn by being first in order.
void Queue::Machine::configure_groups(const Rules& rules) {
  const Rules& before = *context_.rules;
  const bool is_new = rules.group != before.group;
  if (context_.grouping != nullptr && rules.message_ttl != before.message_ttl && !is_new)
    for (const Position place : context_.grouping->groups.offer_all()) offer(place);
  if (!is_new) return;
  if (context_.grouping != nullptr) {
    for (const Position place : context_.grouping->groups.clear()) offer(place);
    if (levels_ == nullptr)
      lane_.forget_groups();
    else
      levels_->each([](Lane& lane) { lane.forget_groups(); });
  }
  context_.grouping.reset();
  if (rules.group.empty()) return;
  context_.grouping = std::make_unique<Grouping>(
      Grouping{.key = MessageKey(rules.group, text_property(rules.group)),
               .offer = [this](Position place) { offer(place); }});
  if (levels_ == nullptr)
    lane_.claim_groups();
  else
    levels_->each([](Lane& lane) { lane.claim_groups(); });
}

}  // namespace tern::queue
