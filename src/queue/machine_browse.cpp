// The part of Machine for operators: pages of messages, and what is done with them.

#include <utility>

#include "base/ensure.hpp"
#include "queue/machine.hpp"
#include "queue/place.hpp"

namespace tern::queue {

void Queue::Machine::browse(const BrowseRequest& request) {
  Browse browse{.request = request, .page = {}};
  browse.page.count_max = request.count_max;
  browse.page.bytes_max = request.bytes_max;
  browse.level = context_.settings.priority_max;
  if (request.from != 0 && !is_delayed_place(request.from)) {
    browse.level = std::min<int>(level_of_place(request.from), browse.level);
    browse.from = position_of_place(request.from);
    browse.is_set_done = true;
  } else {
    browse.from = request.from;
    browse.is_set_done = request.state != MessageState::delayed;
  }
  if (browsing_ == nullptr) browsing_ = std::make_unique<Browsing>();
  browsing_->pages.push_back(std::move(browse));
  finish();
}

// Goes on with the pages as far as possible; the rest comes when something was read.
void Queue::Machine::gather() {
  while (!browsing_->pages.empty()) {
    Browse& browse = browsing_->pages.front();
    if (!browse.is_set_done && delayed_ != nullptr) {
      if (!delayed_->look(browse.from, browse.page)) return;
      if (browse.from != 0) {
        show();
        continue;
      }
    }
    if (!browse.is_set_done) {
      browse.is_set_done = true;
      browse.from = 0;
    }
    if (!gather_lanes()) return;
    show();
  }
}

bool Queue::Machine::gather_lanes() {
  Browse& browse = browsing_->pages.front();
  for (; browse.level >= 0; --browse.level) {
    Lane* const lane =
        levels_ == nullptr ? &lane_ : levels_->find(static_cast<std::uint8_t>(browse.level));
    if (lane == nullptr) continue;
    if (!lane->look(browse.request.state, browse.from, browse.page)) return false;
    if (browse.from != 0) return true;
    // A full page goes on at the next level.
    if (browse.page.is_full() && browse.level != 0) {
      --browse.level;
      browse.from = 1;
      return true;
    }
  }
  return true;
}

// Answers with the first page. What it shows is remembered for a while.
void Queue::Machine::show() {
  Browse browse = std::move(browsing_->pages.front());
  browsing_->pages.pop_front();
  Position next = browse.from;
  if (browse.is_set_done)
    next = browse.level < 0 || browse.from == 0
               ? 0
               : place_in_level(static_cast<std::uint8_t>(browse.level), browse.from);
  if (browsing_->shown_bytes > Browsing::shown_bytes_max) {
    browsing_->shown.clear();
    browsing_->shown_bytes = 0;
  }
  for (Found& found : browse.page.found) {
    if (found.state == MessageState::unacked) {
      Lane* lane = nullptr;
      if (const Slot* const slot = unacked_at(found.position, lane); slot != nullptr)
        found.holder = consumers_.at(slot->holder).id;
      continue;
    }
    browsing_->shown_bytes += found.message->bytes();
    browsing_->shown.insert_or_assign(found.position, found.message);
  }
  sink_.browsed(context_.settings.id, browse.request.operation, std::move(browse.page.found), next);
}

// What an operator was shown at a place, if that is remembered.
MessageRef Queue::Machine::shown_at(Position place) const {
  if (browsing_ == nullptr) return {};
  const auto shown = browsing_->shown.find(place);
  return shown == browsing_->shown.end() ? MessageRef{} : shown->second;
}

std::uint64_t Queue::Machine::intervene(std::span<const Position> places, Intervention intervention,
                                        std::uint64_t operation) {
  std::uint64_t count = 0;
  for (const Position place : places) {
    if (is_delayed_place(place)) {
      const Position position = position_of_place(place);
      if (delayed_ == nullptr || intervention == Intervention::redrive) continue;
      const bool done = intervention == Intervention::remove ? delayed_->remove(position)
                                                             : delayed_->run_now(position);
      if (done) ++count;
      continue;
    }
    Lane* const lane = levels_ == nullptr ? &lane_ : levels_->find(level_of_place(place));
    if (lane == nullptr) continue;
    if (!lane->intervene(position_of_place(place), intervention, shown_at(place), operation))
      continue;
    ++count;
    if (levels_ != nullptr) levels_->note_ready(lane->level());
  }
  finish();
  return count;
}

}  // namespace tern::queue
