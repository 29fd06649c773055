// The index of due times: order, pages, trims, what leaves it by itself.
#include <rocksdb/db.h>

#include <thread>

#include "storage/key_layout.hpp"
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace tern::storage {

std::ostream& operator<<(std::ostream& to, const DueEntry& entry) {
  return to << entry.due.time_since_epoch().count() << "/" << entry.position;
}

}  // namespace tern::storage

namespace {

using Entries = std::vector<DueEntry>;

struct Opened {
  TempDir dir;
  RocksOptions options = small_options(dir.path());
  bool on_disk;
  std::unique_ptr<Ear> ear;
  std::unique_ptr<Store> store;
  std::unique_ptr<Shard> shard;
  Recovered recovered;

  explicit Opened(bool is_on_disk) : on_disk(is_on_disk) { open(); }
  ~Opened() { close(); }
  void open() {
    ear = std::make_unique<Ear>();
    store = on_disk ? open_store(options) : std::make_unique<MemoryStore>();
    recovered = store->take_recovered();
    store->start(*ear);
    shard = std::make_unique<Shard>(*store, *ear);
  }
  void close() {
    if (store) store->stop();
    store.reset();
  }
  void restart() {
    close();
    open();
  }
  void drop(std::uint32_t queue) {
    store->submit_records({}, {static_cast<QueueId>(queue)}, [this] { ear->count(); });
    REQUIRE(ear->wait_counted(1));
  }
};

// What lies in the index, whatever the store says of it. The store must be closed.
std::size_t keys_on_disk(const std::string& path, Stream stream) {
  const TempDir copy;
  copy_all(path, copy.path());
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  REQUIRE(rocksdb::DB::Open({}, copy.path(),
                            {{"default", {}}, {"msg", {}}, {"ack", {}}, {"due", {}}}, &handles,
                            &opened)
              .ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::unique_ptr<rocksdb::Iterator> it(db->NewIterator({}, handles[3]));
  std::size_t count = 0;
  for (it->Seek(due_begin(stream)); it->Valid() && it->key().compare(due_end(stream)) < 0;
       it->Next())
    ++count;
  it.reset();
  for (auto* handle : handles) delete handle;
  return count;
}

constexpr Stream spilled_7 = spill_bit | 7U;

}  // namespace

TEST_CASE("due times are read in order, stored and spilled merged, some at a time") {
  Opened opened(GENERATE(false, true));
  Shard& shard = *opened.shard;
  CHECK(shard.read_due(7, {}, 10).is_last);
  Entries expected;
  for (Position p = 1; p <= 40; ++p) {
    const Time due = at(1'763'900'000'000 + static_cast<std::int64_t>(p * 7919 % 20));
    shard.append(7, p, make_message("m"), p % 3 == 0, due);
    expected.push_back({due, p});
    if (p % 10 == 0) shard.commit();
  }
  shard.append(7, 41, make_message("never due"));
  shard.append(8, 1, make_message("m"), false, at(5));
  shard.append(6, 1, make_message("m"), false, at(5));
  shard.commit();
  std::sort(expected.begin(), expected.end());
  CHECK(shard.all_due(7, 7) == expected);
  CHECK(shard.all_due(7, 1) == expected);
  const DueResult all = shard.read_due(7, {}, 40);
  CHECK(all.entries == expected);
  CHECK(all.is_last);
  CHECK_FALSE(shard.read_due(7, {}, 39).is_last);
  CHECK(raw(all.queue) == 7);
  // `after` is exclusive, and need not be there.
  CHECK(shard.read_due(7, expected[20], 1).entries == Entries{expected[21]});
  CHECK(shard.read_due(7, {expected[20].due, expected[20].position + 1}, 1).entries ==
        Entries{expected[21]});
  CHECK(shard.read_due(7, expected.back(), 10).entries.empty());
  CHECK(shard.read_due(7, expected.back(), 10).is_last);
}

TEST_CASE("a withdrawn message has no due time") {
  Opened opened(GENERATE(false, true));
  Shard& shard = *opened.shard;
  const auto stage = shard.append(7, 1, make_message("m"), false, at(10));
  shard.append(7, 2, make_message("m"), false, at(20));
  CHECK(shard.batch().withdraw(stage));
  shard.commit();
  CHECK(shard.all_due(7) == Entries{{at(20), 2}});
}

TEST_CASE("a trim takes entries up to and including its own, stored and spilled") {
  Opened opened(GENERATE(false, true));
  Shard& shard = *opened.shard;
  for (Position p = 1; p <= 9; ++p)
    shard.append(7, p, make_message("m"), p % 2 == 0, at(static_cast<std::int64_t>(p / 3 * 10)));
  shard.append(8, 1, make_message("m"), false, at(1));
  shard.commit();
  shard.trim(7, {at(10), 4});
  shard.commit();
  CHECK(shard.all_due(7) ==
        Entries{{at(10), 5}, {at(20), 6}, {at(20), 7}, {at(20), 8}, {at(30), 9}});
  CHECK(shard.all_due(8).size() == 1);
  // Below what was trimmed: a later message, and one of the very batch that trims.
  shard.append(7, 10, make_message("m"), false, at(3));
  shard.commit();
  CHECK(shard.all_due(7).front() == DueEntry{at(3), 10});
  shard.trim(7, {at(20), 7});
  shard.append(7, 11, make_message("m"), true, at(4));
  shard.commit();
  const Entries rest = {{at(4), 11}, {at(20), 8}, {at(30), 9}};
  CHECK(shard.all_due(7) == rest);
  shard.trim(7, {at(4), 10});
  shard.commit();
  CHECK(shard.all_due(7) == rest);
  if (!opened.on_disk) return;
  opened.restart();
  CHECK(opened.shard->all_due(7) == Entries{{at(30), 9}});
}

TEST_CASE("of what is settled the index is rid") {
  Opened opened(GENERATE(false, true));
  Shard& shard = *opened.shard;
  for (Position p = 1; p <= 6; ++p)
    shard.append(7, p, make_message("m"), p > 3, at(static_cast<std::int64_t>(100 - p)));
  shard.commit();
  shard.settle(7, 2, 3, 1, 1);
  shard.settle(7, 4, 6, 2, 1, true);
  shard.mark(7, 2, 2);
  shard.settle(7, 1, 2, 1, 1);
  shard.append(7, 7, make_message("m"), false, at(200));
  shard.commit();
  CHECK(shard.all_due(7) == Entries{{at(94), 6}, {at(97), 3}, {at(200), 7}});
}

TEST_CASE("dropped queues lose their due times, their neighbours do not") {
  Opened opened(GENERATE(false, true));
  for (const std::uint32_t queue : {6U, 7U, 8U, 7U | 0x20000000U}) {
    opened.shard->append(queue, 1, make_message("m"), false, at(10));
    opened.shard->append(queue, 2, make_message("m"), true, at(10));
  }
  opened.shard->commit();
  opened.drop(7);
  CHECK(opened.shard->all_due(7).empty());
  for (const std::uint32_t queue : {6U, 8U, 7U | 0x20000000U})
    CHECK(opened.shard->all_due(queue).size() == 2);
  if (!opened.on_disk) return;
  opened.shard->append(7, 3, make_message("late"), false, at(10));
  opened.shard->commit();
  opened.close();
  CHECK(keys_on_disk(opened.dir.path(), 7) == 0);
  CHECK(keys_on_disk(opened.dir.path(), spilled_7) == 0);
  CHECK(keys_on_disk(opened.dir.path(), 8) == 1);
}

TEST_CASE("a restart keeps the due times of stored messages alone") {
  Opened opened(true);
  Shard& shard = *opened.shard;
  for (Position p = 1; p <= 3; ++p) {
    shard.append(7, p, make_message("m"), p == 2, at(static_cast<std::int64_t>(10 * p)));
    shard.append(9, p, make_message("m"), false, at(1));
  }
  shard.append(5, 1, make_message("no due time"));
  shard.commit();
  shard.settle(9, 1, 4, 3, 3);  // not trimmed
  shard.commit();
  opened.close();
  CHECK(keys_on_disk(opened.dir.path(), spilled_7) == 1);
  CHECK(keys_on_disk(opened.dir.path(), 9) == 3);
  opened.open();
  REQUIRE(opened.recovered.queues.size() == 3);
  for (const RecoveredQueue& queue : opened.recovered.queues)
    CHECK(queue.has_due == (raw(queue.queue) == 7));
  CHECK(opened.shard->all_due(7) == Entries{{at(10), 1}, {at(30), 3}});
  opened.drop(7);  // also what this run has not written itself
  opened.close();
  for (const Stream stream : {7U, spilled_7, 9U})
    CHECK(keys_on_disk(opened.dir.path(), stream) == 0);
}

TEST_CASE("what is settled soon never gets into a file of the index") {
  Opened opened(true);
  Shard& shard = *opened.shard;
  shard.append(7, 1, make_message("stays"), false, at(1'000'000));
  const std::string body(1000, 'b');
  for (Position p = 2; p <= 2001; ++p) {
    shard.append(7, p, make_message(body), p % 2 == 0, at(2'000'000));
    if (p % 50 != 0) continue;
    shard.commit();
    shard.settle(7, p - 49 + (p == 50 ? 1 : 0), p + 1, 25, 25 * 1000, false);
    shard.settle(7, p - 49 + (p == 50 ? 1 : 0), p + 1, 25, 25 * 1000, true);
    shard.commit();
  }
  opened.close();
  // All but those of the last memtable.
  const auto left = keys_on_disk(opened.dir.path(), 7) + keys_on_disk(opened.dir.path(), spilled_7);
  CHECK(left >= 1);
  CHECK(left < 1000);
}

TEST_CASE("what is settled late leaves the index when that has grown") {
  Opened opened(true);
  opened.options.due_slack_bytes = 1;
  opened.restart();
  Shard& shard = *opened.shard;
  const std::string body(200, 'b');
  const auto fill = [&](std::uint32_t queue, Position count) {
    for (Position p = 1; p <= count; ++p) {
      shard.append(queue, p, make_message(body), false, at(1000));
      if (p % 500 == 0) shard.commit();
    }
    shard.commit();
  };
  fill(7, 4000);  // three epochs: most of it is in files
  shard.settle(7, 2, 4001, 3999, 3999);
  shard.commit();
  // Far from them in the index, so that nothing merges the files by itself.
  fill(1000, 4000);
  fill(2000, 8000);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  std::size_t left = 0;
  do {
    opened.close();
    left = keys_on_disk(opened.dir.path(), 7);
    opened.open();
  } while (left > 1 && std::chrono::steady_clock::now() < deadline);
  CHECK(left == 1);
  CHECK(opened.shard->all_due(1000, 1000).size() == 4000);
}

TEST_CASE("thousands of trims and reads between them") {
  Opened opened(true);
  Shard& shard = *opened.shard;
  Position next = 1;
  for (int round = 0; round < 1500; ++round) {
    for (int i = 0; i < 3; ++i, ++next)
      shard.append(7, next, make_message("m"), false, at(1000 + static_cast<std::int64_t>(next)));
    if (round > 2) {
      const Position done = next - 9;
      shard.trim(7, {at(1000 + static_cast<std::int64_t>(done)), done});
    }
    if (round % 100 != 0) {
      shard.submit();
      continue;
    }
    shard.commit();
    const Entries left = shard.all_due(7);
    REQUIRE(left.size() == std::min<std::size_t>(next - 1, 8));
    REQUIRE(left.back().position == next - 1);
  }
  shard.commit();
  opened.restart();
  CHECK(opened.shard->all_due(7).size() == 8);
}
