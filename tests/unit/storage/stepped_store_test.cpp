// The store that waits (tests/support): what a crash takes and leaves of a batch, and that it keeps
// the promises that the simulator relies on.
#include "support/stepped_store.hpp"

#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;
using tern::test::Disk;
using tern::test::SteppedStore;

namespace {

// A run of the store on a disk.
struct SteppedRun {
  Ear ear;
  SteppedStore store;
  Recovered recovered;
  Shard shard;
  Shard other;

  explicit SteppedRun(const std::shared_ptr<Disk>& disk)
      : store(disk), recovered(store.take_recovered()), shard(store, ear), other(store, ear, 1) {
    store.start(ear);
  }
  std::vector<DueEntry> due(std::uint32_t queue, const DueEntry& after = {},
                            std::uint32_t count_max = 100) {
    store.read_due({QueueId{queue}, shard.id(), after, count_max});
    CHECK(store.answer_read());
    const DueResult result = ear.wait_due();
    CHECK(result.is_last == (result.entries.size() < count_max));
    return result.entries;
  }
};

// A message, a return, a record, due times, a trim: all in one batch.
void fill_up(Shard& shard, Position position) {
  const auto ms = static_cast<std::int64_t>(position);
  shard.append(7, position, make_message("four"), false, at(1000 + ms));
  shard.append(7, position + 100, make_message("spilled"), true, at(1000 + ms));
  shard.note_return(7, position, 3, at(5));
  shard.trim(7, {at(999 + ms), ~Position{0}});
  shard.batch().records.push_back({"last", std::to_string(position)});
}

}  // namespace

TEST_CASE("a crash of the store that waits keeps batches whole, or none of them") {
  const auto disk = std::make_shared<Disk>();
  {
    SteppedRun run(disk);
    fill_up(run.shard, 1);
    run.shard.submit();
    REQUIRE(run.store.commit_all());
    CHECK(run.due(7) == std::vector<DueEntry>{{at(1001), 1}, {at(1001), 101}});
    fill_up(run.shard, 2);
    run.shard.submit();
    fill_up(run.shard, 3);
    run.shard.submit();
    int asked = 0;
    REQUIRE(run.store.begin_commit([&] { return ++asked == 1; }));
    run.store.finish_commit_silently();
    run.store.die();
  }
  SteppedRun run(disk);
  REQUIRE(run.recovered.queues.size() == 1);
  const RecoveredQueue& queue = run.recovered.queues[0];
  CHECK(queue.count == 2);
  CHECK(queue.body_bytes == 8);
  CHECK(queue.has_due);
  REQUIRE(queue.returned.size() == 2);
  CHECK(queue.returned[1].position == 2);
  CHECK(queue.returned[1].delivery_count == 3);
  CHECK(queue.returned[1].due == at(5));
  REQUIRE(run.recovered.records.size() == 1);
  CHECK(*run.recovered.records[0].value == "2");
  // The spilled one is gone, and the first one was trimmed with the second batch.
  CHECK(run.due(7) == std::vector<DueEntry>{{at(1002), 2}});
  CHECK(run.due(7, {at(1002), 2}).empty());
}

TEST_CASE("the store that waits forgets returns with their messages, due times with queues") {
  const auto disk = std::make_shared<Disk>();
  {
    SteppedRun run(disk);
    fill_up(run.shard, 1);
    fill_up(run.shard, 2);
    run.shard.note_return(7, 101, 9);  // spilled
    run.shard.note_return(7, 55, 9);   // not there
    run.shard.submit();
    run.shard.settle(7, 1, 2, 1, make_message("four")->bytes(), false, 4);
    run.shard.submit();
    REQUIRE(run.store.commit_all());
  }
  {
    SteppedRun run(disk);
    REQUIRE(run.recovered.queues.size() == 1);
    REQUIRE(run.recovered.queues[0].returned.size() == 1);
    CHECK(run.recovered.queues[0].returned[0].position == 2);
    // Its due time stays until it is trimmed: users must bear that.
    CHECK(run.due(7).size() == 2);
    CHECK(run.due(7, {}, 1).size() == 1);
    run.store.submit_records({}, {QueueId{7}}, {});
    fill_up(run.shard, 10);
    run.shard.submit();
    REQUIRE(run.store.commit_all());
    CHECK(run.due(7).empty());
  }
  const SteppedRun run(disk);
  CHECK(run.recovered.queues.empty());
}

TEST_CASE("crossing transactions in the store that waits go together") {
  const auto disk = std::make_shared<Disk>();
  SteppedRun run(disk);
  for (const std::uint64_t id : {1, 2}) {
    run.shard.append(1, id, make_message("m"));
    run.shard.batch().transactions.push_back({.id = id, .parts = 2});
  }
  run.shard.submit();
  run.other.append(2, 1, make_message("m"));
  run.other.batch().transactions.push_back({.id = 2, .parts = 2});
  run.other.submit();
  CHECK_FALSE(run.store.commit_all());
  run.other.append(2, 2, make_message("m"));
  run.other.batch().transactions.push_back({.id = 1, .parts = 2});
  const auto last = run.other.submit();
  CHECK(run.store.commit_all());
  CHECK(run.ear.is_committed(run.other.id(), last));
  CHECK(disk->queues[1].messages.size() == 2);
  CHECK(disk->queues[2].messages.size() == 2);
}
