// kill -9 in full flight, again and again on the same directory: every confirmed message that was
// not settled is found again, in order and whole, and nothing is found that was never submitted.
// The victim is this program itself, run with the hidden test case below.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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
  enum Note : std::uint8_t { none, asked, kept };
  Note returned[queues + 1][positions_max];  // asked: submitted; kept: confirmed
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

// Every third message has a due time, not in the order of positions.
DueEntry due_of(Position position) {
  if (position % 3 != 0) return {};
  return {at(static_cast<std::int64_t>(1000 + position + position % 100)), position};
}

std::uint32_t delivery_count_of(Position position) {
  return static_cast<std::uint32_t>(position % 7 + 1);
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
  struct Waiting {
    std::uint64_t stage;
    std::array<Position, queues + 1> ends;
    std::vector<std::pair<std::uint32_t, Position>> returned;
  };
  std::vector<Waiting> waiting;
  std::vector<std::pair<std::uint32_t, Position>> returned;  // of the batch that is being made
  Position settled_to[queues + 1];
  std::fill(std::begin(settled_to), std::end(settled_to), 1);
  while (true) {
    std::array<Position, queues + 1> ends{};
    for (std::uint32_t q = 1; q <= queues; ++q) {
      for (std::uint32_t i = 0, n = random() % 30; i < n; ++i) {
        if (next[q] >= positions_max) continue;
        ledger->submitted[q] = next[q];
        shard.append(q, next[q], make_message(body_of(q, next[q])), false, due_of(next[q]).due);
        ++next[q];
      }
      ends[q] = next[q] - 1;
      // Settles some of what is confirmed, mostly old ones, in any order.
      for (std::uint32_t i = 0, n = random() % 30; i < n && ledger->confirmed[q] > 0; ++i) {
        const Position behind = random() % 4 == 0 ? 3000 : 300;
        const Position last = ledger->confirmed[q];
        const Position place = last - random() % std::min(last, behind);
        if (ledger->settled[q][place] != 0) continue;
        if (random() % 3 == 0) {
          if (ledger->returned[q][place] == Ledger::none)
            ledger->returned[q][place] = Ledger::asked;
          shard.note_return(q, place, delivery_count_of(place));
          returned.emplace_back(q, place);
          continue;
        }
        ledger->settled[q][place] = 1;
        const std::string body = body_of(q, place);
        shard.settle(q, place, place + 1, 1, make_message(body)->bytes(), false, body.size());
      }
      // Sometimes trims what is due before the first message that is there (by its position, and
      // 100 for how far due times are out of order).
      for (; settled_to[q] < ledger->confirmed[q] && ledger->settled[q][settled_to[q]] != 0;)
        ++settled_to[q];
      if (random() % 10 == 0)
        shard.trim(q, {at(static_cast<std::int64_t>(999 + settled_to[q])), 0});
      shard.batch().records.push_back({"end/" + std::to_string(q), std::to_string(next[q] - 1)});
    }
    const std::uint64_t stage = shard.submit_to_wait();
    waiting.push_back({stage, ends, std::exchange(returned, {})});
    while (!waiting.empty() &&
           (waiting.size() > 5 || ear.is_committed(shard.id(), waiting.front().stage))) {
      if (!ear.wait_committed(shard.id(), waiting.front().stage)) _exit(3);
      for (std::uint32_t q = 1; q <= queues; ++q)
        ledger->confirmed[q] = std::max(ledger->confirmed[q], waiting.front().ends[q]);
      for (const auto& [q, place] : waiting.front().returned)
        ledger->returned[q][place] = Ledger::kept;
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

// Returns are there for messages that are there: of all that were confirmed, right, and no others.
void judge_returned(const SharedLedger& ledger, std::uint32_t q, const RecoveredQueue& queue,
                    const std::vector<StoredMessage>& messages) {
  std::map<Position, std::uint32_t> counts;
  for (const Returned& returned : queue.returned)
    counts[returned.position] = returned.delivery_count;
  std::size_t found = 0;
  for (const StoredMessage& stored : messages) {
    const auto note = counts.find(stored.position);
    if (note == counts.end()) {
      INFO("position " << stored.position << " of " << messages.front().position << ".."
                       << messages.back().position << " notes " << counts.size() << " range "
                       << (counts.empty() ? 0 : counts.begin()->first) << ".."
                       << (counts.empty() ? 0 : counts.rbegin()->first) << " confirmed "
                       << ledger->confirmed[q]);
      REQUIRE(ledger->returned[q][stored.position] != Ledger::kept);
      continue;
    }
    ++found;
    REQUIRE(ledger->returned[q][stored.position] != Ledger::none);
    REQUIRE(note->second == delivery_count_of(stored.position));
  }
  CHECK(found == counts.size());
}

// Every message that is there and has a due time is in the index.
void judge_due(Shard& shard, std::uint32_t q, const RecoveredQueue& queue,
               const std::vector<StoredMessage>& messages) {
  const std::vector<DueEntry> due = shard.all_due(q, 5000);
  REQUIRE(std::is_sorted(due.begin(), due.end()));
  CHECK((queue.has_due || due.empty()));
  for (const StoredMessage& stored : messages) {
    const DueEntry entry = due_of(stored.position);
    if (entry.position != 0) REQUIRE(std::binary_search(due.begin(), due.end(), entry));
  }
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
    std::uint64_t body_bytes = 0;
    for (const StoredMessage& stored : messages) body_bytes += stored.message->body().size();
    CHECK(by_id[q].body_bytes == body_bytes);
    judge_returned(ledger, q, by_id[q], messages);
    judge_due(shard, q, by_id[q], messages);
    // The record comes with its batch's messages, and they with it.
    const auto end = std::find_if(
        recovered.records.begin(), recovered.records.end(),
        [&](const Record& record) { return record.key == "end/" + std::to_string(q); });
    if (end != recovered.records.end()) CHECK(by_id[q].next == std::stoull(*end->value) + 1);
    Position expected = 1;
    std::uint64_t lost = 0;
    for (const StoredMessage& stored : messages) {
      for (; expected < stored.position; ++expected)
        lost += expected <= ledger->confirmed[q] && ledger->settled[q][expected] == 0 ? 1 : 0;
      REQUIRE(stored.position == expected);
      ++expected;
      REQUIRE(stored.position <= ledger->submitted[q]);
      // If it was being settled, the kill has come before: it may be settled again.
      ledger->settled[q][stored.position] = 0;
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

void await_confirmed(const std::string& path, std::uint64_t position) {
  const SharedLedger ledger(path + "/ledger");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::atomic_ref(ledger->confirmed[1]).load() < position) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
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
    // Time is the point here: the kill must come anywhere. Every fourth comes while the victim
    // starts, the others when it is at work, however long it takes to get there.
    if (round % 4 != 3) await_confirmed(dir.path(), confirmed + 150);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));
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
