// kill -9 in full flight, again and again on the same directory: every confirmed message that was
// not settled is found again, in order and whole, and nothing is found that was never submitted.
// The victim is this program itself, run with the hidden test case below.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

constexpr std::uint32_t queues = 3;
constexpr Position positions_max = 400'000;

// What the victim leaves behind for its judge: shared memory survives a kill.
struct Ledger {
  std::uint64_t confirmed[queues + 1];              // positions up to this one
  std::uint64_t submitted[queues + 1];              // positions up to this one
  std::uint8_t settled[queues + 1][positions_max];  // settlement submitted
};

class SharedLedger {
 public:
  explicit SharedLedger(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(ftruncate(descriptor, sizeof(Ledger)) == 0);
    void* const memory =
        mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    REQUIRE(memory != MAP_FAILED);
    close(descriptor);
    ledger_ = static_cast<Ledger*>(memory);
  }
  ~SharedLedger() { munmap(ledger_, sizeof(Ledger)); }
  Ledger* operator->() const { return ledger_; }

 private:
  Ledger* ledger_;
};

std::string body_of(std::uint32_t queue, Position position) {
  const std::size_t size = (position * 7919 + queue) % 23 == 0 ? 9000 : position % 300;
  return std::to_string(queue) + "/" + std::to_string(position) + std::string(size, 'c');
}

RocksOptions crash_options(const std::string& path) {
  RocksOptions options = small_options(path + "/data");
  options.epoch_bytes = 1 << 20;
  return options;
}

// Publishes and settles until it is killed.
[[noreturn]] void be_the_victim(const std::string& path) {
  const SharedLedger ledger(path + "/ledger");
  Ear ear;
  auto store = open_store(crash_options(path));
  const Recovered recovered = store->take_recovered();
  store->start(ear);
  Shard shard(*store, ear);
  std::mt19937 random(static_cast<std::uint32_t>(getpid()));
  Position next[queues + 1];
  std::fill(std::begin(next), std::end(next), 1);
  for (const RecoveredQueue& queue : recovered.queues) next[raw(queue.queue)] = queue.next;
  std::vector<std::pair<std::uint64_t, std::array<Position, queues + 1>>> waiting;
  while (true) {
    std::array<Position, queues + 1> ends{};
    for (std::uint32_t q = 1; q <= queues; ++q) {
      for (std::uint32_t i = 0, n = random() % 30; i < n; ++i) {
        if (next[q] >= positions_max) continue;
        ledger->submitted[q] = next[q];
        shard.append(q, next[q], make_message(body_of(q, next[q])));
        ++next[q];
      }
      ends[q] = next[q] - 1;
      // Settles some of what is confirmed, mostly old ones, in any order.
      for (std::uint32_t i = 0, n = random() % 30; i < n && ledger->confirmed[q] > 0; ++i) {
        const Position behind = random() % 4 == 0 ? 3000 : 300;
        const Position last = ledger->confirmed[q];
        const Position at = last - random() % std::min(last, behind);
        if (ledger->settled[q][at] != 0) continue;
        ledger->settled[q][at] = 1;
        shard.settle(q, at, at + 1, 1, make_message(body_of(q, at))->bytes());
      }
    }
    waiting.emplace_back(shard.submit(), ends);
    while (!waiting.empty() &&
           (waiting.size() > 5 || ear.is_committed(shard.id(), waiting.front().first))) {
      if (!ear.wait_committed(shard.id(), waiting.front().first)) _exit(3);
      for (std::uint32_t q = 1; q <= queues; ++q)
        ledger->confirmed[q] = std::max(ledger->confirmed[q], waiting.front().second[q]);
      waiting.erase(waiting.begin());
    }
  }
}

pid_t start_victim(const std::string& path) {
  const pid_t pid = fork();
  if (pid == 0) {
    setenv("TERN_CRASH_DIR", path.c_str(), 1);
    execl("/proc/self/exe", "unit_storage", "the victim of the crash test", nullptr);
    _exit(127);
  }
  return pid;
}

void judge(const std::string& path, int round) {
  const SharedLedger ledger(path + "/ledger");
  Ear ear;
  auto store = open_store(crash_options(path));
  const Recovered recovered = store->take_recovered();
  std::map<std::uint32_t, RecoveredQueue> by_id;
  for (const RecoveredQueue& queue : recovered.queues) by_id[raw(queue.queue)] = queue;
  store->start(ear);
  Shard shard(*store, ear);
  for (std::uint32_t q = 1; q <= queues; ++q) {
    INFO("round " << round << " queue " << q);
    CHECK(by_id[q].next > ledger->confirmed[q]);
    const auto messages = shard.read_all(q, 1, positions_max, 8 << 20);
    CHECK(by_id[q].count == messages.size());
    Position expected = 1;
    std::uint64_t lost = 0;
    for (const StoredMessage& stored : messages) {
      for (; expected < stored.position; ++expected)
        lost += expected <= ledger->confirmed[q] && ledger->settled[q][expected] == 0 ? 1 : 0;
      REQUIRE(stored.position == expected);
      ++expected;
      REQUIRE(stored.position <= ledger->submitted[q]);
      REQUIRE(stored.message->body() == body_of(q, stored.position));
    }
    for (; expected <= ledger->confirmed[q]; ++expected)
      lost += ledger->settled[q][expected] == 0 ? 1 : 0;
    CHECK(lost == 0);
    // What was written and not confirmed is there now, or gone for good.
    ledger->confirmed[q] =
        messages.empty() ? ledger->confirmed[q]
                         : std::max<std::uint64_t>(ledger->confirmed[q], messages.back().position);
  }
  store->stop();
}

}  // namespace

TEST_CASE("the victim of the crash test", "[.]") {
  const char* const path = std::getenv("TERN_CRASH_DIR");
  REQUIRE(path != nullptr);
  be_the_victim(path);
}

TEST_CASE("nothing confirmed is lost when the process is killed") {
  const TempDir dir;
  std::mt19937 random(7);
  std::uint64_t confirmed = 0;
  for (int round = 0; round < 12; ++round) {
    const pid_t pid = start_victim(dir.path());
    REQUIRE(pid > 0);
    // Time is the point here: the kill must come anywhere.
    std::this_thread::sleep_for(std::chrono::milliseconds(120 + random() % 300));
    REQUIRE(kill(pid, SIGKILL) == 0);
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    REQUIRE(WIFSIGNALED(status));
    judge(dir.path(), round);
    const SharedLedger ledger(dir.path() + "/ledger");
    confirmed = ledger->confirmed[1];
  }
  CHECK(confirmed > 1000);  // it did have something to lose
}
