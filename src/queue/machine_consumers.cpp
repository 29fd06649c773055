// The part of Machine for rules about consumers: one at a time, and none that keeps messages for
// ever.

#include "base/ensure.hpp"
#include "queue/machine.hpp"
#include "queue/place.hpp"

namespace tern::queue {

// What was delivered without a timeout counts from when there is one.
void Queue::Machine::configure_consumers(const Rules& rules) {
  consumers_.set_single_active(rules.single_active_consumer);
  const auto seed = [this](Lane& lane, auto&& is_timed) {
    lane.each_unacked([&](Position position, const Slot& slot) {
      if (is_timed(slot.holder))
        consumers_.held(slot.holder, place_in_level(lane.level(), position), context_.now);
    });
  };
  std::vector<bool> had(consumers_.records());
  for (Consumers::Index index = 0; index != had.size(); ++index)
    had[index] = consumers_.has_timeout(index);
  consumers_.set_timeout(rules.consumer_timeout);
  const auto is_new = [&](Consumers::Index index) {
    return !had[index] && consumers_.has_timeout(index);
  };
  bool any = false;
  for (Consumers::Index index = 0; index != had.size(); ++index) any = any || is_new(index);
  if (!any) return;
  if (levels_ == nullptr)
    seed(lane_, is_new);
  else
    levels_->each([&](Lane& lane) { seed(lane, is_new); });
}

void Queue::Machine::time_out_consumers() {
  while (const auto late = consumers_.timed_out(context_.now)) {
    const ConsumerId id = consumers_.at(late->index).id;
    const bool was_active = consumers_.remove(id);
    for (const Position place : late->places) {
      Lane* lane = nullptr;
      Slot* const slot = unacked_at(place, lane);
      ensure(slot != nullptr, "a consumer timed out with what it does not hold");
      settle_one(*lane, position_of_place(place), *slot, Settlement::abandoned);
    }
    consumers_.settled(late->index, static_cast<std::uint32_t>(late->places.size()));
    sink_.consumer_timed_out(id, late->timeout);
    if (!was_active || consumers_.active() != 0) continue;
    renew_lease();
    if (context_.settings.auto_delete) sink_.abandoned(context_.settings.id);
  }
}

}  // namespace tern::queue
