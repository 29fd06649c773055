// What every store does: append, commit, read, settle. Run against the store in memory and the one
// on disk.
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

struct OpenedStore {
  TempDir dir;
  std::unique_ptr<Store> store;
  Ear ear;

  explicit OpenedStore(bool on_disk) {
    if (on_disk) {
      store = open_store(small_options(dir.path()));
    } else {
      store = std::make_unique<MemoryStore>();
    }
    CHECK(store->take_recovered().queues.empty());
    store->start(ear);
  }
  ~OpenedStore() { store->stop(); }
};

}  // namespace

TEST_CASE("what was appended is read back, in order") {
  OpenedStore opened(GENERATE(false, true));
  Shard shard(*opened.store, opened.ear);
  shard.append(7, 1, make_message("one"));
  shard.append(7, 2, make_message("two", true, 9));
  shard.append(8, 1, make_message(std::string(300'000, 'x')));
  shard.commit();
  shard.append(7, 5, make_message(std::string(1000, 'y')));
  shard.commit();

  const auto messages = shard.read_all(7, 1, 100);
  REQUIRE(positions(messages) == Positions{1, 2, 5});
  CHECK(messages[0].message->body() == "one");
  CHECK(messages[0].message->exchange() == "ex");
  CHECK(messages[0].message->routing_key() == "key");
  CHECK(messages[0].message->properties() == Bytes("\0\0", 2));
  CHECK(messages[0].message->is_persistent());
  CHECK(messages[1].message->priority() == 9);
  CHECK(messages[2].message->body() == std::string(1000, 'y'));
  CHECK(shard.read_all(8, 1, 2)[0].message->body().size() == 300'000);
  CHECK(shard.read_all(9, 1, 100).empty());
  CHECK(positions(shard.read_all(7, 2, 5)) == Positions{2});
  CHECK_FALSE(opened.ear.out_of_order());
}

TEST_CASE("settled messages are not read, at once") {
  OpenedStore opened(GENERATE(false, true));
  Shard shard(*opened.store, opened.ear);
  for (Position p = 1; p <= 10; ++p) shard.append(1, p, make_message("m"));
  shard.commit();
  shard.settle(1, 3, 5, 2, 20);
  shard.submit();
  // Not committed yet, perhaps: a read after the submission leaves them out all the same.
  CHECK(positions(shard.read_all(1, 1, 11)) == Positions{1, 2, 5, 6, 7, 8, 9, 10});
  shard.settle(1, 1, 3, 2, 20);
  shard.mark(1, 5, 8);
  shard.commit();
  CHECK(positions(shard.read_all(1, 1, 11)) == Positions{5, 6, 7, 8, 9, 10});
}

TEST_CASE("spilled and stored messages are merged by position") {
  OpenedStore opened(GENERATE(false, true));
  Shard shard(*opened.store, opened.ear);
  Positions all;
  for (Position p = 1; p <= 600; ++p) {
    shard.append(4, p, make_message("body " + std::to_string(p), p % 3 != 0), p % 3 == 0);
    all.push_back(p);
    if (p % 50 == 0) shard.commit();
  }
  CHECK(positions(shard.read_all(4, 1, 601)) == all);
  CHECK(positions(shard.read_all(4, 1, 601, 500)) == all);
  // A settled range is of one stream only.
  shard.settle(4, 1, 300, 100, 1000, true);
  shard.commit();
  const auto rest = shard.read_all(4, 1, 301);
  CHECK(rest.size() == 201);
  CHECK(rest.front().message->body() == "body 1");
  CHECK(rest.back().position == 300);
}

TEST_CASE("a message spilled below an earlier one is found") {
  OpenedStore opened(GENERATE(false, true));
  Shard shard(*opened.store, opened.ear);
  for (const Position p : {10, 11, 12}) shard.append(4, p, make_message("a", false), true);
  shard.commit();
  shard.settle(4, 10, 12, 2, 10, true);
  shard.commit();
  for (const Position p : {3, 20}) shard.append(4, p, make_message("b", false), true);
  shard.commit();
  CHECK(positions(shard.read_all(4, 1, 30)) == Positions{3, 12, 20});
  CHECK(positions(shard.read_all(4, 15, 30)) == Positions{20});
  shard.settle(4, 12, 13, 1, 5, true);
  shard.settle(4, 3, 4, 1, 5, true);
  shard.settle(4, 20, 21, 1, 5, true);
  shard.commit();
  shard.append(4, 5, make_message("c", false), true);
  shard.append(4, 30, make_message("c", false), true);
  shard.commit();
  CHECK(positions(shard.read_all(4, 1, 40)) == Positions{5, 30});
}

TEST_CASE("a withdrawn message is not stored, a taken one is not withdrawn") {
  OpenedStore opened(GENERATE(false, true));
  Shard shard(*opened.store, opened.ear);
  const auto first = shard.append(1, 1, make_message("kept"));
  const auto second = shard.append(1, 2, make_message("gone"));
  CHECK(shard.batch().withdraw(second));
  shard.commit();
  CHECK_FALSE(shard.last().withdraw(first));
  CHECK(positions(shard.read_all(1, 1, 10)) == Positions{1});
}

TEST_CASE("bytes_max bounds a read, and it goes on where it stopped") {
  OpenedStore opened(GENERATE(false, true));
  Shard shard(*opened.store, opened.ear);
  for (Position p = 1; p <= 100; ++p) {
    shard.append(1, p, make_message(std::string(2000, 'z')));
    if (p % 10 == 0) shard.commit();
  }
  const ReadResult part = shard.read(1, 1, 101, 10'000);
  CHECK(part.next <= 20);
  CHECK(part.messages.size() == part.next - 1);
  CHECK(shard.read(1, 1, 101, 1).messages.size() >= 1);
  CHECK(shard.read_all(1, 1, 101, 10'000).size() == 100);
}

TEST_CASE("dropped queues are forgotten") {
  OpenedStore opened(GENERATE(false, true));
  Shard shard(*opened.store, opened.ear);
  shard.append(1, 1, make_message("m"));
  shard.append(2, 1, make_message("m"));
  shard.commit();
  opened.store->submit_records({}, {static_cast<QueueId>(1)}, [&] { opened.ear.count(); });
  REQUIRE(opened.ear.wait_counted(1));
  CHECK(shard.read_all(1, 1, 10).empty());
  CHECK(shard.read_all(2, 1, 10).size() == 1);
}
