// What survives a restart, and what refuses to start: topology, marks, transactions, formats,
// locks.
#include <rocksdb/db.h>

#include <fstream>

#include "storage/delta.hpp"
#include "storage/queue_state.hpp"
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

// Lets a test write what no version of the store would.
template <class Change>
void with_database(const std::string& path, Change change) {
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  REQUIRE(rocksdb::DB::Open({}, path, {{"default", {}}, {"msg", {}}, {"ack", {}}, {"due", {}}},
                            &handles, &opened)
              .ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  change(*db, *handles[2]);
  for (auto* handle : handles) delete handle;
}

}  // namespace

TEST_CASE("messages, marks and topology survive a restart; spilled messages do not") {
  const TempDir dir;
  const RocksOptions options = small_options(dir.path());
  {
    Run run(options);
    for (Position p = 1; p <= 10; ++p) run.shard.append(3, p, make_message("m"), p % 2 == 0);
    run.shard.commit();
    run.shard.settle(3, 1, 2, 1, make_message("m")->bytes());
    run.shard.mark(3, 2, 6);
    run.store->submit_records({{"vhost//", "a"}, {"queue/3", "b"}, {"gone", "c"}}, {},
                              [&] { run.ear.count(); });
    run.store->submit_records({{"gone", std::nullopt}, {"queue/3", "bb"}}, {},
                              [&] { run.ear.count(); });
    run.shard.commit();
    REQUIRE(run.ear.wait_counted(2));
  }
  Run run(options);
  REQUIRE(run.recovered.records.size() == 2);
  CHECK(run.recovered.records[0].key == "queue/3");
  CHECK(*run.recovered.records[0].value == "bb");
  CHECK(run.recovered.records[1].key == "vhost//");
  REQUIRE(run.recovered.queues.size() == 1);
  const RecoveredQueue& queue = run.recovered.queues[0];
  CHECK(raw(queue.queue) == 3);
  CHECK(queue.low_water == 2);
  CHECK(queue.next == 10);
  CHECK(queue.delivered == 6);
  CHECK(queue.count == 4);
  CHECK(queue.bytes == 4 * make_message("m")->bytes());
  CHECK(positions(run.shard.read_all(3, 1, 20)) == Positions{3, 5, 7, 9});
  // Positions of forgotten messages may be used again.
  run.shard.append(3, 10, make_message("new"));
  run.shard.commit();
  CHECK(run.shard.read_all(3, 10, 20)[0].message->body() == "new");
}

TEST_CASE("a dropped queue stays dropped, whatever arrives for it later") {
  const TempDir dir;
  const RocksOptions options = small_options(dir.path());
  {
    Run run(options);
    run.shard.append(3, 1, make_message("m"));
    run.shard.append(4, 1, make_message("m"));
    run.shard.commit();
    run.store->submit_records({}, {static_cast<QueueId>(3)}, [&] { run.ear.count(); });
    REQUIRE(run.ear.wait_counted(1));
    run.shard.append(3, 2, make_message("late"));
    run.shard.commit();
  }
  Run run(options);
  REQUIRE(run.recovered.queues.size() == 1);
  CHECK(raw(run.recovered.queues[0].queue) == 4);
}

TEST_CASE("a run knows whether the one before it was stopped in order") {
  const TempDir dir;
  const TempDir crashed;
  const RocksOptions options = small_options(dir.path());
  {
    const Run run(options);
    CHECK_FALSE(run.recovered.stopped_cleanly);  // there was none
  }
  {
    Run run(options);
    CHECK(run.recovered.stopped_cleanly);
    run.shard.append(1, 1, make_message("m"));
    run.shard.commit();
    copy_all(dir.path(), crashed.path());
  }
  {
    // Opened and never started, so there is nothing to stop: the note is gone all the same.
    const auto store = open_store(options);
    CHECK(store->take_recovered().stopped_cleanly);
  }
  CHECK_FALSE(open_store(options)->take_recovered().stopped_cleanly);
  {
    const Run run(small_options(crashed.path()));
    CHECK(run.recovered.queues.size() == 1);
    CHECK_FALSE(run.recovered.stopped_cleanly);
  }
  const Run run(small_options(crashed.path()));
  CHECK(run.recovered.stopped_cleanly);
}

TEST_CASE("a transaction over two shards is written whole or not at all") {
  const TempDir dir;
  const RocksOptions options = small_options(dir.path());
  {
    Run run(options);
    run.shard.append(1, 1, make_message("before"));
    run.shard.submit();
    run.shard.append(1, 2, make_message("torn"));
    run.shard.batch().transactions.push_back({.id = 77, .parts = 2});
    const auto held = run.shard.submit();
    run.shard.append(1, 3, make_message("behind"));
    run.shard.submit();
    run.other.append(2, 1, make_message("free"));
    run.other.commit();
    REQUIRE(run.ear.wait_committed(run.shard.id(), held - 1));
    CHECK_FALSE(run.ear.is_committed(run.shard.id(), held));
    // Nothing of it is on disk when the store ends here.
  }
  {
    Run run(options);
    CHECK(positions(run.shard.read_all(1, 1, 10)) == Positions{1});
    CHECK(positions(run.shard.read_all(2, 1, 10)) == Positions{1});
    run.shard.append(1, 2, make_message("a"));
    run.shard.batch().transactions.push_back({.id = 78, .parts = 2});
    const auto first = run.shard.submit();
    run.other.append(2, 2, make_message("b"));
    run.other.batch().transactions.push_back({.id = 78, .parts = 2});
    run.other.commit();
    REQUIRE(run.ear.wait_committed(run.shard.id(), first));
  }
  Run run(options);
  CHECK(positions(run.shard.read_all(1, 1, 10)) == Positions{1, 2});
  CHECK(positions(run.shard.read_all(2, 1, 10)) == Positions{1, 2});
}

TEST_CASE("a delta that a queue's record already holds is not counted twice") {
  const TempDir dir;
  const RocksOptions options = small_options(dir.path());
  { const Run run(options); }
  const auto queue = static_cast<QueueId>(2);
  with_database(options.data_dir, [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle& deltas) {
    // A checkpoint cut short: the record stands at commit 12, all records together at commit 10.
    EpochLedger ledger;
    QueueState state;
    state.stored = std::make_unique<StreamContents>();
    for (CommitId commit = 11; commit <= 13; ++commit) {
      Delta delta;
      delta.appended.push_back(
          {.queue = queue, .epoch = 1, .first = commit, .last = commit, .count = 1, .bytes = 100});
      std::string value;
      encode_delta(delta, value);
      REQUIRE(db.Put({}, &deltas, encode_number(commit), value).ok());
      if (commit <= 12) state.stored->append(delta.appended[0], ledger);
    }
    std::string record;
    encode_queue_record(12, state, record);
    REQUIRE(db.Put({}, queue_key(queue), record).ok());
    REQUIRE(db.Put({}, rocksdb::Slice("c"), encode_number(10)).ok());
  });
  const Run run(options);
  REQUIRE(run.recovered.queues.size() == 1);
  CHECK(run.recovered.queues[0].count == 3);
  CHECK(run.recovered.queues[0].bytes == 300);
  CHECK(run.recovered.queues[0].next == 14);
}

TEST_CASE("a format of the future is refused") {
  const TempDir dir;
  const RocksOptions options = small_options(dir.path());
  { const Run run(options); }
  with_database(options.data_dir, [](rocksdb::DB& db, rocksdb::ColumnFamilyHandle&) {
    rocksdb::ColumnFamilyHandle* extra = nullptr;
    REQUIRE(db.CreateColumnFamily({}, "new in 9", &extra).ok());
    REQUIRE(db.Put({}, rocksdb::Slice("f"), encode_number(9)).ok());
    delete extra;
  });
  const auto refused = open_rocks_store(options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text ==
        "data directory " + dir.path() +
            " was written by a newer TernMQ (format 9, this one reads up to 2): start the newer "
            "version or use another directory");
}

TEST_CASE("a format of the past is refused") {
  const TempDir dir;
  const RocksOptions options = small_options(dir.path());
  { const Run run(options); }
  with_database(options.data_dir, [](rocksdb::DB& db, rocksdb::ColumnFamilyHandle&) {
    REQUIRE(db.Put({}, rocksdb::Slice("f"), encode_number(1)).ok());
  });
  const auto refused = open_rocks_store(options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text ==
        "data directory " + dir.path() +
            " was written by an older TernMQ (format 1, this one reads 2): let that version empty "
            "its queues and start with another directory");
}

TEST_CASE("a second store on the same directory is refused, and says who has it") {
  const TempDir dir;
  const RocksOptions options = small_options(dir.path());
  const Run run(options);
  const auto refused = open_rocks_store(options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find(dir.path()) != std::string::npos);
  CHECK(refused.error().text.find(std::to_string(getpid())) != std::string::npos);
}

TEST_CASE("a directory that cannot be made is an error with its name") {
  const TempDir dir;
  std::ofstream(dir.path() + "/file") << "x";
  RocksOptions options = small_options(dir.path() + "/file/data");
  const auto refused = open_rocks_store(options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find(options.data_dir) != std::string::npos);
}
