// Disk space: given back after a drain, not pinned by a message that stays, not spent ten times on
// a fan-out.
#include <thread>

#include "storage/crc32c_override.hpp"
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

constexpr std::size_t body_bytes = 4000;
constexpr Position written = 6000;  // 24 MB

RocksOptions space_options(const std::string& path) {
  RocksOptions options = small_options(path);
  options.epoch_bytes = 4 << 20;
  options.block_bytes_max = 64 << 10;
  return options;
}

void fill(Shard& shard, std::uint32_t queue) {
  for (Position p = 1; p <= written; ++p) {
    shard.append(queue, p, make_message(std::string(body_bytes, static_cast<char>(p))));
    if (p % 100 == 0) shard.commit();
  }
}

bool shrinks_below(const TempDir& dir, std::uint64_t bytes) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (dir.bytes() > bytes) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace

TEST_CASE("disk space is given back after a drain") {
  const TempDir dir;
  const auto store = open_store(space_options(dir.path()));
  Ear ear;
  store->start(ear);
  Shard shard(*store, ear);
  fill(shard, 1);
  const auto bytes = make_message(std::string(body_bytes, 'x'))->bytes();
  CHECK(dir.bytes() > written * body_bytes);
  SECTION("by marks") {
    shard.settle(1, 1, written + 1, written, written * bytes);
    shard.mark(1, written + 1, written + 1);
    shard.commit();
    CHECK(shrinks_below(dir, 14 << 20));
  }
  SECTION("when the queue is dropped") {
    store->submit_records({}, {static_cast<QueueId>(1)}, [&] { ear.count(); });
    REQUIRE(ear.wait_counted(1));
    CHECK(shrinks_below(dir, 14 << 20));
  }
  SECTION("although the first message stays") {
    shard.settle(1, 2, written + 1, written - 1, (written - 1) * bytes);
    shard.commit();
    CHECK(shrinks_below(dir, 14 << 20));
    CHECK(shard.read_all(1, 1, written + 1).size() == 1);
  }
  SECTION("although one message in a hundred stays") {
    for (Position p = 1; p <= written; p += 100) shard.settle(1, p + 1, p + 100, 99, 99 * bytes);
    shard.commit();
    CHECK(shrinks_below(dir, 14 << 20));
    const auto messages = shard.read_all(1, 1, written + 1);
    CHECK(messages.size() == written / 100);
    CHECK(messages[1].position == 101);
    CHECK(messages[1].message->body() == std::string(body_bytes, static_cast<char>(101)));
  }
  CHECK(ear.failure().empty());
  store->stop();
}

TEST_CASE("a message for ten queues is stored once, and shared when read back") {
  const TempDir dir;
  RocksOptions options = space_options(dir.path());
  {
    const auto store = open_store(options);
    Ear ear;
    store->start(ear);
    Shard shard(*store, ear);
    for (Position p = 1; p <= 100; ++p) {
      const auto message = make_message(std::string(10'000, static_cast<char>('a' + p % 26)));
      for (std::uint32_t queue = 1; queue <= 10; ++queue) shard.append(queue, p, message);
    }
    shard.commit();
    CHECK(dir.bytes() < 3 << 20);  // ten copies would be 10 MB
    const auto messages = shard.read_all(7, 1, 101, 16 << 20);
    REQUIRE(messages.size() == 100);
    CHECK(messages[3].message->body() == std::string(10'000, 'e'));
    // Settled in nine queues, it is still there for the tenth.
    for (std::uint32_t queue = 1; queue <= 9; ++queue) {
      shard.settle(queue, 1, 101, 100, 100 * messages[0].message->bytes());
      shard.mark(queue, 101, 101);
    }
    shard.commit();
    // Two epochs later the first one has been through the filter.
    fill(shard, 20);
    CHECK(shard.read_all(10, 1, 101).size() == 100);
    store->stop();
  }
  const auto store = open_store(options);
  Ear ear;
  store->start(ear);
  Shard shard(*store, ear);
  CHECK(shard.read_all(10, 1, 101)[99].message->body() == std::string(10'000, 'a' + 100 % 26));
  CHECK(shard.read_all(9, 1, 101).empty());
  store->stop();
}

TEST_CASE("our CRC32C gives what the library's gives, and the library uses it") {
  const Crc32cCheck check = check_crc32c();
  CHECK(check.consistent);
  CHECK(check.library_calls);
}
