// Who is attached to a shard: ids that outlive their session find nobody, in whatever order the
// sessions are asked for.
#include "broker/session_table.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace tern;
using namespace tern::broker;

namespace {

class Silent final : public Session {
 public:
  void deliver(const ConsumerId&, queue::Delivery&&) override {}
  void publish_settled(ChannelInstance, std::uint64_t, queue::PublishOutcome) override {}
  void completed(OperationResult&&) override {}
  void consumer_cancelled(ConsumerNumber) override {}
  void consumer_timed_out(ConsumerNumber, Millis) override {}
  void permits_wanted(ConsumerNumber, std::uint32_t) override {}
  void permits_returned(ConsumerNumber, std::uint32_t) override {}
  [[nodiscard]] bool expects_reply(const ReplyAddress&) const override { return false; }
  void hold_publishing(bool) override {}
  void shut_down(const std::string&) override {}
};

struct Attached {
  SessionTable table;
  std::array<Silent, 4> sessions;
  std::array<SessionId, 4> ids;

  Attached() {
    for (std::size_t i = 0; i < sessions.size(); ++i) ids[i] = add(sessions[i]);
  }
  SessionId add(Session& session) { return {ShardId{0}, table.add(session)}; }
  Session* receiver(const SessionId& id) {
    SessionEntry* const entry = table.find_receiver(id);
    return entry == nullptr ? nullptr : entry->session;
  }
};

}  // namespace

TEST_CASE("a session is found by its id until it leaves") {
  Attached all;
  for (std::size_t i = 0; i < all.ids.size(); ++i)
    CHECK(all.table.find(all.ids[i])->session == &all.sessions[i]);
  CHECK(all.table.find({ShardId{0}, 4711}) == nullptr);
  CHECK(all.table.find({}) == nullptr);

  all.table.remove(*all.table.find(all.ids[1]));
  CHECK(all.table.find(all.ids[1]) == nullptr);
  Silent late;
  const SessionId next = all.add(late);
  CHECK(next != all.ids[1]);
  CHECK(all.table.find(next)->session == &late);
  CHECK(all.table.find(all.ids[1]) == nullptr);  // whose place the new one has
  CHECK(all.table.find(all.ids[2])->session == &all.sessions[2]);
}

TEST_CASE("deliveries find their sessions in any order, past some that have left") {
  Attached all;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < all.ids.size(); ++i)
      CHECK(all.receiver(all.ids[i]) == &all.sessions[i]);
  }
  all.table.remove(*all.table.find(all.ids[2]));
  CHECK(all.receiver(all.ids[2]) == nullptr);
  for (const std::size_t i : {3, 1, 1, 0, 3, 0, 1})
    CHECK(all.receiver(all.ids[i]) == &all.sessions[i]);
  Silent late;
  const SessionId next = all.add(late);
  CHECK(all.receiver(all.ids[1]) == &all.sessions[1]);
  CHECK(all.receiver(next) == &late);
  CHECK(all.receiver(all.ids[2]) == nullptr);
}

TEST_CASE("sessions may leave while all are visited") {
  Attached all;
  std::vector<const Session*> visited;
  all.table.for_each([&](SessionEntry& entry) {
    visited.push_back(entry.session);
    all.table.remove(entry);
  });
  CHECK(visited.size() == all.sessions.size());
  all.table.for_each([&](SessionEntry&) { FAIL("somebody is left"); });
}
