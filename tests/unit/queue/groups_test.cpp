// Message groups: one at a time, in order, nobody stranded.
#include "queue/groups.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "queue/place.hpp"

namespace tern::queue::test {

namespace {

/// The least a queue has to do: messages in order, and what becomes of them.
struct Line {
  explicit Line(std::uint64_t most = Groups::parked_max) : groups(most) {}

  enum class State { in_order, parked, active };
  struct Message {
    std::uint64_t hash;
    Groups::Index group = Groups::none;
    State state = State::in_order;
  };

  Groups groups;
  std::map<Position, Message> messages;
  std::set<Position> order;

  void add(Position place, std::uint64_t hash) {
    messages[place] = {.hash = hash};
    order.insert(place);
  }
  void offer(std::optional<Position> place) {
    if (!place) return;
    REQUIRE(messages.at(*place).state == State::parked);
    messages.at(*place).state = State::in_order;
    order.insert(*place);
  }
  /// What goes out next; 0: nothing can.
  Position take() {
    while (!order.empty()) {
      const Position place = *order.begin();
      Message& message = messages.at(place);
      const auto claim = message.group == Groups::none
                             ? groups.claim(message.hash, place, message.group)
                             : groups.claim_again(place, message.group);
      if (claim == Groups::Claim::full) return 0;
      order.erase(place);
      message.state = claim == Groups::Claim::granted ? State::active : State::parked;
      if (claim == Groups::Claim::granted) return place;
    }
    return 0;
  }
  /// A message is done with, whatever its state.
  void end(Position place) {
    const Message message = messages.at(place);
    messages.erase(place);
    if (message.state == State::active) offer(groups.finished(message.group));
    if (message.state == State::parked) groups.left_parked(message.group, place);
    if (message.state == State::in_order) {
      order.erase(place);
      if (message.group != Groups::none) offer(groups.left_order(message.group));
    }
  }
  void give_back(Position place) {
    Message& message = messages.at(place);
    REQUIRE(message.state == State::active);
    message.state = State::in_order;
    order.insert(place);
    offer(groups.came_back(message.group, place));
  }
  void purge() {
    std::erase_if(messages, [](const auto& entry) { return entry.second.state != State::active; });
    order.clear();
    groups.purge();
  }
};

}  // namespace

TEST_CASE("messages of one group go out one at a time, those of others meanwhile") {
  Line line;
  line.add(1, 7);
  line.add(2, 7);
  line.add(3, 8);
  line.add(4, 7);
  CHECK(line.take() == 1);
  CHECK(line.take() == 3);
  CHECK(line.take() == 0);
  CHECK(line.groups.parked() == 2);
  line.end(1);
  CHECK(line.take() == 2);
  CHECK(line.take() == 0);
  line.end(3);
  CHECK(line.take() == 0);
  line.end(2);
  CHECK(line.take() == 4);
  line.end(4);
  CHECK(line.groups.size() == 0);
  CHECK(line.groups.parked() == 0);
}

TEST_CASE("a message that comes back is the first of its group again") {
  Line line;
  for (Position place = 1; place <= 3; ++place) line.add(place, 7);
  CHECK(line.take() == 1);
  CHECK(line.take() == 0);
  line.give_back(1);
  CHECK(line.take() == 1);
  line.end(1);
  CHECK(line.take() == 2);
}

TEST_CASE("a group goes on when the message that it was offered leaves unseen") {
  Line line;
  for (Position place = 1; place <= 4; ++place) line.add(place, 7);
  CHECK(line.take() == 1);
  CHECK(line.take() == 0);
  line.end(1);  // 2 is offered
  line.end(2);  // and expires in its place
  CHECK(line.take() == 3);
  line.give_back(3);
  line.end(3);
  CHECK(line.take() == 4);
}

TEST_CASE("a message does not pass earlier ones of its group because its level has its turn") {
  using Claim = Groups::Claim;
  Groups groups;
  const Position first = place_in_level(0, 1), low = place_in_level(0, 2);
  const Position high = place_in_level(1, 5), late = place_in_level(0, 9);
  std::map<Position, Groups::Index> group;
  CHECK(groups.claim(7, first, group[first]) == Claim::granted);
  CHECK(groups.claim(7, low, group[low]) == Claim::parked);
  CHECK(groups.claim(7, high, group[high]) == Claim::parked);
  CHECK(groups.finished(group[first]) == high);
  // The higher level is next, and yet the lower one is asked.
  CHECK(groups.claim(7, late, group[late]) == Claim::parked);
  CHECK(groups.claim_again(high, group[high]) == Claim::granted);
  CHECK(groups.finished(group[high]) == low);
  CHECK(groups.claim_again(low, group[low]) == Claim::granted);
  CHECK(groups.finished(group[low]) == late);
}

TEST_CASE("parked messages that leave are skipped, and leave no memory of them") {
  Line line;
  for (Position place = 1; place <= 1000; ++place) line.add(place, 7);
  CHECK(line.take() == 1);
  CHECK(line.take() == 0);
  for (Position place = 999; place >= 2; --place) line.end(place);
  CHECK(line.groups.parked() == 1);
  line.end(1);
  CHECK(line.take() == 1000);
  line.end(1000);
  CHECK(line.groups.size() == 0);
}

TEST_CASE("no more are parked than the bound says; they wait in order instead") {
  Line line(2);
  for (Position place = 1; place <= 5; ++place) line.add(place, 7);
  line.add(6, 8);
  CHECK(line.take() == 1);
  CHECK(line.take() == 0);
  CHECK(line.groups.parked() == 2);
  line.end(1);
  CHECK(line.take() == 2);
  CHECK(line.take() == 0);
  CHECK(line.groups.parked() == 2);
  line.end(2);
  CHECK(line.take() == 3);
  CHECK(line.take() == 6);
  line.end(3);
  line.end(6);
  CHECK(line.take() == 4);
  line.end(4);
  CHECK(line.take() == 5);
}

TEST_CASE("of a group the higher priority is offered first") {
  Line line;
  const Position low = place_in_level(0, 3);
  const Position high = place_in_level(4, 9);
  line.add(1, 7);
  line.add(low, 7);
  line.add(high, 7);
  CHECK(line.take() == 1);
  CHECK(line.take() == 0);
  line.end(1);
  CHECK(line.order == std::set<Position>{high});
  CHECK(line.take() == high);
  line.end(high);
  CHECK(line.take() == low);
}

TEST_CASE("a purge leaves the active ones, and their groups go on") {
  Line line;
  for (Position place = 1; place <= 6; ++place) line.add(place, place % 2);
  CHECK(line.take() == 1);
  CHECK(line.take() == 2);
  CHECK(line.take() == 0);
  line.end(2);
  line.purge();
  CHECK(line.groups.size() == 1);
  CHECK(line.groups.parked() == 0);
  line.add(7, 1);
  line.add(8, 0);
  CHECK(line.take() == 8);
  line.end(1);
  CHECK(line.take() == 7);
}

TEST_CASE("when groups are forgotten the parked ones come back in order") {
  Line line;
  for (Position place = 1; place <= 6; ++place) line.add(place, place % 2);
  CHECK(line.take() == 1);
  CHECK(line.take() == 2);
  CHECK(line.take() == 0);
  line.end(5);
  CHECK(line.groups.clear() == std::vector<Position>{3, 4, 6});
  CHECK(line.groups.size() == 0);
  CHECK(line.groups.parked() == 0);
}

TEST_CASE("random messages, ends and returns: one at a time, in order, none stranded") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 engine(seed);
    const auto random = [&engine](std::uint64_t below) { return engine() % below; };
    Line line(seed % 4 == 0 ? 5 : Groups::parked_max);
    Position next = 1;
    std::map<std::uint64_t, Position> active;
    const auto any = [&](Line::State state) {
      std::vector<Position> found;
      for (const auto& [place, message] : line.messages)
        if (message.state == state) found.push_back(place);
      return found.empty() ? Position{0} : found[random(found.size())];
    };
    const auto end_active = [&](Position place, bool back) {
      active.erase(line.messages.at(place).hash);
      back ? line.give_back(place) : line.end(place);
    };
    const auto take_all = [&] {
      while (const Position place = line.take()) {
        const std::uint64_t hash = line.messages.at(place).hash;
        REQUIRE(active.emplace(hash, place).second);
        for (const auto& [other, message] : line.messages)
          if (message.hash == hash && other < place) FAIL("an earlier one was passed over");
      }
      for (const auto& [place, message] : line.messages)
        if (message.state != Line::State::active) REQUIRE(active.count(message.hash) != 0);
    };
    for (int step = 0; step != 2500; ++step) {
      const auto dice = random(100);
      if (dice < 40) line.add(next++, random(6));
      if (dice >= 40 && dice < 95) {
        const auto state = std::array{Line::State::active, Line::State::active, Line::State::parked,
                                      Line::State::in_order}[random(4)];
        const Position place = any(state);
        if (place != 0 && state == Line::State::active) end_active(place, random(2) == 0);
        if (place != 0 && state != Line::State::active) line.end(place);
      }
      if (dice == 95 && random(5) == 0) line.purge();
      if (seed % 4 != 0 && random(3) == 0) take_all();
      if (seed % 4 == 0 && line.take() != 0) {
        active.clear();
        for (const auto& [place, message] : line.messages)
          if (message.state == Line::State::active)
            REQUIRE(active.emplace(message.hash, place).second);
      }
      REQUIRE(line.groups.parked() <= (seed % 4 == 0 ? 5 : Groups::parked_max));
    }
    for (int round = 0; round != 10'000 && !line.messages.empty(); ++round) {
      line.take();
      if (const Position place = any(Line::State::active); place != 0) line.end(place);
    }
    REQUIRE(line.messages.empty());
    REQUIRE(line.groups.size() == 0);
    REQUIRE(line.groups.parked() == 0);
  }
}

}  // namespace tern::queue::test
