// Groups: which messages may go out, so that of each group at most one is on its way at a time.
// Owned by a queue's machine, used on its shard's thread; it knows places, not messages.
//
// A message that stands first in order claims its group. If the group is free, the message is its
// active one until it is done with or back in order. If not, the message is parked: it leaves the
// order, and is offered (put back to its place in order) when its group is free again.
//
//     in order --claim--> active --finished / came_back--> (the next parked one is offered)
//         |                                                          |
//         '--claim fails--> parked --------- offered: in order <-----'
//
// Nothing is ever stranded: whenever a group is not busy and has parked members, one member is in
// order that goes before all of them, and only such a one is granted; hence the machine says of
// every member that leaves without being active (left_order, left_parked). An offer may prove vain,
// because an earlier member claims first; the offered one is then parked again when it gets to the
// front.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "message/ids.hpp"

namespace tern::queue {

class Groups {
 public:
  /// A group's number while it has members; kept with each of them.
  using Index = std::uint32_t;
  static constexpr Index none = 0;
  /// Messages parked at a time, in one queue. When so many are, the queue waits for one of them.
  static constexpr std::uint64_t parked_max = 1'000'000;

  enum class Claim : std::uint8_t {
    granted,  ///< the message is its group's active one
    parked,   ///< it waits for its group
    full,     ///< it would have to be parked, and too many are; nothing has changed
  };

  explicit Groups(std::uint64_t most = parked_max) : most_(most), groups_(1) {}

  /// The number by which a group's name is known here.
  [[nodiscard]] static std::uint64_t hash_of(std::string_view name) noexcept;

  /// A message that is first in order wants to go out. Its group's number is put into `group`,
  /// unless it was there already.
  [[nodiscard]] Claim claim(std::uint64_t hash, Position place, Index& group);
  /// A message that is not in order holds its group as the active one, if that is free: its
  /// number, or none.
  [[nodiscard]] Index hold(std::uint64_t hash);
  /// The same as claim() for a member: one that was offered, or came back.
  [[nodiscard]] Claim claim_again(Position place, Index group);

  // Each of these returns the place of a parked member that is now to be put back in order; it
  // stays a member.

  /// The active member is done with, or has left the queue.
  [[nodiscard]] std::optional<Position> finished(Index group);
  /// The active member at `place` is in order again, and stays a member.
  [[nodiscard]] std::optional<Position> came_back(Index group, Position place);
  /// A member in order is done with, or has left the queue.
  [[nodiscard]] std::optional<Position> left_order(Index group);
  /// A parked member is done with, or has left the queue.
  void left_parked(Index group, Position place);

  /// Every member in order or parked is gone (purged).
  void purge();
  /// Takes out all that are parked: their places, in order. They stay members.
  [[nodiscard]] std::vector<Position> offer_all();
  /// Forgets all groups; the places of those parked, in order. Members' numbers mean nothing after
  /// that.
  [[nodiscard]] std::vector<Position> clear();

  /// Messages parked now.
  [[nodiscard]] std::uint64_t parked() const noexcept { return parked_; }
  /// Groups with members.
  [[nodiscard]] std::size_t size() const noexcept { return by_hash_.size(); }

 private:
  struct Group {
    std::uint64_t hash = 0;
    std::uint32_t members = 0;     ///< active, parked, and in order
    bool busy = false;             ///< one is active
    std::vector<Position> parked;  ///< min-heap in order of delivery
    std::vector<Position> left;    ///< those of them that are not there any more: the same
  };

  [[nodiscard]] Group& at(Index group);
  [[nodiscard]] Index index_of(std::uint64_t hash);
  [[nodiscard]] Claim enter(Group& group, Position place);
  [[nodiscard]] std::optional<Position> offer(Group& group);
  void skip_left(Group& group);
  void drop_member(Index index);
  void free(Index index);

  boost::unordered_flat_map<std::uint64_t, Index> by_hash_;
  std::uint64_t most_;
  std::uint64_t parked_ = 0;
  std::vector<Group> groups_;  ///< [0] unused
  std::vector<Index> free_;
};

}  // namespace tern::queue
