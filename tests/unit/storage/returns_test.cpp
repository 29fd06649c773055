// What a batch carries besides messages and settlements: returns, records, bytes of bodies. Kept or
// lost with it, forgotten when it is of no use any more.
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

RocksOptions rare_checkpoints(const std::string& path) {
  RocksOptions options = small_options(path);
  options.checkpoint_interval = std::chrono::hours(1);
  return options;
}

std::vector<std::uint64_t> flat(const std::vector<Returned>& returned) {
  std::vector<std::uint64_t> result;
  for (const Returned& item : returned) {
    result.push_back(item.position);
    result.push_back(item.delivery_count);
    result.push_back(static_cast<std::uint64_t>(item.due.time_since_epoch().count()));
  }
  return result;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("returns are kept as long as their message, through deltas and checkpoints") {
  const TempDir dir;
  const TempDir crashed;
  {
    Run run(rare_checkpoints(dir.path()));
    for (Position p = 1; p <= 20; ++p) run.shard.append(7, p, make_message("m"), p == 9);
    run.shard.note_return(7, 3, 1);  // with its own append
    run.shard.commit();
    run.shard.note_return(7, 3, 2, at(5000));  // replaces it
    for (const Position p : {1, 5, 6, 12, 13, 20}) run.shard.note_return(7, p, 4, at(77));
    run.shard.note_return(7, 30, 1);  // no such message
    run.shard.note_return(8, 1, 1);   // no such queue
    run.shard.commit();
    run.shard.settle(7, 1, 2, 1, 1);
    run.shard.mark(7, 2, 2);
    run.shard.settle(7, 12, 13, 1, 1);
    run.shard.note_return(7, 13, 5);  // and is done with in the same batch
    run.shard.settle(7, 13, 14, 1, 1);
    run.shard.commit();
    run.shard.note_return(7, 12, 9);  // was done with
    run.shard.commit();
    copy_all(dir.path(), crashed.path());
  }
  const Numbers expected = {3, 2, 5000, 5, 4, 77, 6, 4, 77, 20, 4, 77};
  {
    INFO("from the deltas");
    const Run run(small_options(crashed.path()));
    REQUIRE(run.recovered.queues.size() == 1);
    CHECK(flat(run.recovered.queues[0].returned) == expected);
    CHECK(raw(run.recovered.queues[0].returned[0].queue) == 7);
  }
  for (int round = 0; round < 2; ++round) {
    INFO("from the queue's record, round " << round);
    Run run(small_options(dir.path()));
    REQUIRE(run.recovered.queues.size() == 1);
    CHECK(flat(run.recovered.queues[0].returned) == expected);
  }
  {
    Run run(small_options(dir.path()));
    run.shard.settle(7, 2, 7, 5, 5);
    run.shard.mark(7, 7, 7);
    run.shard.note_return(7, 19, 1);
    run.shard.commit();
  }
  {
    Run run(small_options(dir.path()));
    CHECK(flat(run.recovered.queues[0].returned) == Numbers{19, 1, 0, 20, 4, 77});
    run.store->submit_records({}, {QueueId{7}}, [&] { run.ear.count(); });
    REQUIRE(run.ear.wait_counted(1));
    run.shard.note_return(7, 19, 2);
    run.shard.commit();
  }
  const Run run(small_options(dir.path()));
  CHECK(run.recovered.queues.empty());
}

TEST_CASE("a return that waits for the rest of a transaction is not there before") {
  const TempDir dir;
  {
    Run run(small_options(dir.path()));
    run.shard.append(7, 1, make_message("m"), false, at(10));
    run.shard.commit();
    run.shard.append(7, 2, make_message("m"), false, at(20));
    run.shard.note_return(7, 1, 1);
    run.shard.trim(7, {at(10), 1});
    run.shard.batch().records.push_back({"key", "torn"});
    run.shard.batch().transactions.push_back({.id = 5, .parts = 2});
    run.shard.submit();
    run.other.append(8, 1, make_message("m"));
    run.other.commit();
  }
  Run run(small_options(dir.path()));
  REQUIRE(run.recovered.queues.size() == 2);
  CHECK(run.recovered.queues[0].returned.empty());
  CHECK(run.recovered.records.empty());
  CHECK(run.shard.all_due(7) == std::vector<DueEntry>{{at(10), 1}});
}

TEST_CASE("records of a batch are written with it, in order, and alone") {
  const TempDir dir;
  {
    Run run(small_options(dir.path()));
    run.shard.append(7, 1, make_message("m"));
    run.shard.batch().records.push_back({"b", "1"});
    run.shard.batch().records.push_back({"a", "1"});
    run.shard.batch().records.push_back({"gone", "1"});
    run.shard.commit();
    // No message: nobody else would make it durable.
    run.shard.batch().records.push_back({"b", "2"});
    run.shard.batch().records.push_back({"gone", "2"});
    run.shard.batch().records.push_back({"gone", std::nullopt});
    run.shard.commit();
    run.store->submit_records({{"c", "3"}}, {}, [&] { run.ear.count(); });
    REQUIRE(run.ear.wait_counted(1));
  }
  const Run run(small_options(dir.path()));
  std::string all;
  for (const Record& record : run.recovered.records) all += record.key + *record.value;
  CHECK(all == "a1b2c3");
}

TEST_CASE("bytes of bodies are exact, also after a restart") {
  const TempDir dir;
  const auto size = [](Position p) { return p * 10; };
  const auto bytes = [&](Position p) { return make_message(std::string(size(p), 'x'))->bytes(); };
  {
    Run run(small_options(dir.path()));
    for (Position p = 1; p <= 50; ++p) {
      run.shard.append(7, p, make_message(std::string(size(p), 'x')), p == 13);
      if (p % 20 == 0) run.shard.commit();
    }
    run.shard.commit();
    run.shard.settle(7, 1, 3, 2, bytes(1) + bytes(2), false, size(1) + size(2));
    run.shard.settle(7, 40, 41, 1, bytes(40), false, size(40));
    run.shard.commit();
  }
  std::uint64_t expected = 0;
  for (Position p = 3; p <= 50; ++p) expected += p == 13 || p == 40 ? 0 : size(p);
  for (int round = 0; round < 2; ++round) {
    const Run run(small_options(dir.path()));
    REQUIRE(run.recovered.queues.size() == 1);
    CHECK(run.recovered.queues[0].body_bytes == expected);
    CHECK(run.recovered.queues[0].count == 46);
  }
}

TEST_CASE("messages come back with their times and expirations, shared ones too") {
  const TempDir dir;
  MessageParts parts{.names = Bytes("\x02"
                                    "ex\x03key",
                                    7),
                     .properties = Bytes("\0\0", 2),
                     .body = "timed",
                     .persistent = true,
                     .has_ttl = true,
                     .is_timed = true,
                     .ttl_ms = 60'000,
                     .received = at(1'763'900'000'123)};
  const auto small = MessageRef::gather(parts);
  const std::string body(5000, 's');
  parts.body = body;
  parts.ttl_ms = 0;
  parts.is_timed = false;
  const auto large = MessageRef::gather(parts);
  {
    Run run(small_options(dir.path()));
    for (const std::uint32_t queue : {1U, 2U, 3U}) {
      run.shard.append(queue, 1, make_message("plain"));
      run.shard.append(queue, 2, large);
      run.shard.append(queue, 3, small);
    }
    run.shard.commit();
  }
  Run run(small_options(dir.path()));
  for (const std::uint32_t queue : {1U, 2U, 3U}) {
    const auto messages = run.shard.read_all(queue, 1, 10);
    REQUIRE(messages.size() == 3);
    CHECK(messages[2].message->received() == at(1'763'900'000'123));
    CHECK(messages[2].message->ttl() == Millis{60'000});
    CHECK(messages[2].message->is_timed());
    CHECK(messages[1].message->received() == at(1'763'900'000'123));
    CHECK(messages[1].message->has_ttl());
    CHECK(messages[1].message->ttl() == Millis{0});
    CHECK_FALSE(messages[1].message->is_timed());
    CHECK_FALSE(messages[0].message->has_ttl());
    CHECK(messages[0].message->received() == Time{});
  }
}
