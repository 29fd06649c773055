#include "queue/groups.hpp"

#include <algorithm>
#include <iterator>

#include "base/ensure.hpp"
#include "queue/place.hpp"

namespace tern::queue {

namespace {

/// Lists of free groups keep no more memory than this many entries take.
constexpr std::size_t small = 16;

// Higher levels go first, then lower positions.
constexpr Position rank(Position place) noexcept {
  return place ^ (Position{0xFF} << level_shift);
}
constexpr auto goes_later = [](Position left, Position right) { return rank(left) > rank(right); };

void push(std::vector<Position>& heap, Position place) {
  heap.push_back(place);
  std::push_heap(heap.begin(), heap.end(), goes_later);
}

void pop(std::vector<Position>& heap) {
  std::pop_heap(heap.begin(), heap.end(), goes_later);
  heap.pop_back();
}

}  // namespace

std::uint64_t Groups::hash_of(std::string_view name) noexcept {
  return std::hash<std::string_view>{}(name);
}

Groups::Group& Groups::at(Index group) {
  ensure(group != none && group < groups_.size(), "unknown group");
  ensure(groups_[group].members != 0, "group without members");
  return groups_[group];
}

// A group that is not known gets a number, and needs a member then.
Groups::Index Groups::index_of(std::uint64_t hash) {
  const auto [found, is_new] = by_hash_.try_emplace(hash, none);
  if (is_new) {
    if (free_.empty()) {
      found->second = static_cast<Index>(groups_.size());
      groups_.emplace_back();
    } else {
      found->second = free_.back();
      free_.pop_back();
    }
    groups_[found->second].hash = hash;
  }
  return found->second;
}

Groups::Claim Groups::claim(std::uint64_t hash, Position place, Index& group) {
  const Index index = index_of(hash);
  Group& entered = groups_[index];
  const Claim result = enter(entered, place);
  if (result == Claim::full) return result;
  ++entered.members;
  group = index;
  return result;
}

Groups::Index Groups::hold(std::uint64_t hash) {
  const Index index = index_of(hash);
  Group& group = groups_[index];
  if (group.busy) return none;
  group.busy = true;
  ++group.members;
  return index;
}

Groups::Claim Groups::claim_again(Position place, Index group) {
  return enter(at(group), place);
}

Groups::Claim Groups::enter(Group& group, Position place) {
  if (!group.busy) {
    // The one that was offered goes before all that are parked. Another one that does not has come
    // to the front of its own level while it was that level's turn.
    skip_left(group);
    if (group.parked.empty() || goes_later(group.parked.front(), place)) {
      group.busy = true;
      return Claim::granted;
    }
  }
  if (parked_ >= most_) return Claim::full;
  push(group.parked, place);
  ++parked_;
  return Claim::parked;
}

std::optional<Position> Groups::offer(Group& group) {
  skip_left(group);
  if (group.parked.empty()) return std::nullopt;
  const Position place = group.parked.front();
  pop(group.parked);
  --parked_;
  return place;
}

// Takes what is not there any more from the front of the parked ones.
void Groups::skip_left(Group& group) {
  while (!group.left.empty() && group.left.front() == group.parked.front()) {
    pop(group.parked);
    pop(group.left);
  }
}

std::optional<Position> Groups::finished(Index index) {
  Group& group = at(index);
  ensure(group.busy, "finished in a free group");
  group.busy = false;
  const auto offered = offer(group);
  drop_member(index);
  return offered;
}

std::optional<Position> Groups::came_back(Index index, Position place) {
  Group& group = at(index);
  ensure(group.busy, "came back to a free group");
  group.busy = false;
  skip_left(group);
  if (group.parked.empty() || goes_later(group.parked.front(), place)) return std::nullopt;
  return offer(group);
}

std::optional<Position> Groups::left_order(Index index) {
  Group& group = at(index);
  const auto offered = group.busy ? std::nullopt : offer(group);
  drop_member(index);
  return offered;
}

void Groups::left_parked(Index index, Position place) {
  Group& group = at(index);
  ensure(group.parked.size() > group.left.size(), "left a group where nobody is parked");
  push(group.left, place);
  --parked_;
  if (group.left.size() > small && group.left.size() > group.parked.size() / 2) {
    std::sort(group.parked.begin(), group.parked.end());
    std::sort(group.left.begin(), group.left.end());
    std::vector<Position> there;
    std::set_difference(group.parked.begin(), group.parked.end(), group.left.begin(),
                        group.left.end(), std::back_inserter(there));
    ensure(there.size() + group.left.size() == group.parked.size(), "left without being parked");
    std::make_heap(there.begin(), there.end(), goes_later);
    group.parked = std::move(there);
    group.left.clear();
  }
  drop_member(index);
}

void Groups::drop_member(Index index) {
  if (--groups_[index].members == 0) free(index);
}

void Groups::free(Index index) {
  Group& group = groups_[index];
  by_hash_.erase(group.hash);
  group.members = 0;
  group.parked.clear();
  group.left.clear();
  if (group.parked.capacity() > small) group.parked.shrink_to_fit();
  if (group.left.capacity() > small) group.left.shrink_to_fit();
  free_.push_back(index);
}

void Groups::purge() {
  parked_ = 0;
  for (Index index = 1; index != groups_.size(); ++index) {
    Group& group = groups_[index];
    if (group.members == 0) continue;
    group.parked.clear();
    group.left.clear();
    group.members = group.busy ? 1 : 0;
    if (!group.busy) free(index);
  }
}

std::vector<Position> Groups::offer_all() {
  std::vector<Position> places;
  for (Group& group : groups_) {
    for (skip_left(group); !group.parked.empty(); skip_left(group)) {
      places.push_back(group.parked.front());
      pop(group.parked);
    }
  }
  parked_ = 0;
  std::sort(places.begin(), places.end(),
            [](Position left, Position right) { return goes_later(right, left); });
  return places;
}

std::vector<Position> Groups::clear() {
  std::vector<Position> places = offer_all();
  by_hash_.clear();
  groups_.assign(1, {});
  free_.clear();
  return places;
}

}  // namespace tern::queue
