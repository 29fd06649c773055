// Transactions that cross between shards, several parts in a batch: none is torn, and none waits
// for ever, whatever the order in which their parts arrive.
#include <random>
#include <thread>

#include "storage/transaction_cut.hpp"
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

using Parts = std::vector<TransactionPart>;

// Shards that submit batches with parts of transactions, and a commit thread that cuts them.
class Crossing {
 public:
  Crossing(std::uint32_t seed, std::size_t shards, std::uint64_t transactions)
      : random_(seed), batches_(shards), given_(shards, 0), taken_(shards, 0) {
    std::vector<std::vector<TransactionPart>> parts(shards);
    for (std::uint64_t id = 1; id <= transactions; ++id) {
      std::vector<std::size_t> places;
      for (std::uint32_t i = 0, n = 2 + pick(3); i < n; ++i) places.push_back(pick(shards));
      for (const std::size_t shard : places)  // two parts may be in one shard, even in one batch
        parts[shard].push_back({.id = id, .parts = static_cast<std::uint32_t>(places.size())});
    }
    for (std::size_t s = 0; s < shards; ++s) {
      std::shuffle(parts[s].begin(), parts[s].end(), random_);
      for (auto at = parts[s].begin(); at != parts[s].end();) {
        const auto n = std::min<std::ptrdiff_t>(pick(5), parts[s].end() - at);
        batches_[s].emplace_back(at, at + n);
        at += n;
      }
    }
  }

  void run() {
    while (step()) {
    }
    for (std::size_t s = 0; s < batches_.size(); ++s) CHECK(taken_[s] == batches_[s].size());
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  // Submits something and cuts. False: all has been submitted, and nothing more can be cut.
  bool step() {
    bool moved = false;
    for (std::size_t s = 0; s < batches_.size(); ++s) {
      const std::size_t more = std::min(pick(4), batches_[s].size() - given_[s]);
      given_[s] += more;
      moved = moved || given_[s] < batches_[s].size() || more > 0;
    }
    std::vector<std::vector<WaitingBatch>> waiting(batches_.size());
    for (std::size_t s = 0; s < batches_.size(); ++s) {
      for (std::size_t i = taken_[s]; i < given_[s]; ++i)
        waiting[s].push_back({.bytes = 100, .transactions = &batches_[s][i]});
    }
    const auto chosen = choose_prefixes(waiting, 1 + pick(500), pick(batches_.size()));
    std::map<std::uint64_t, TransactionPart> found;
    std::map<std::uint64_t, std::uint32_t> count;
    for (std::size_t s = 0; s < batches_.size(); ++s) {
      REQUIRE(chosen[s] <= waiting[s].size());
      for (std::size_t i = 0; i < chosen[s]; ++i) {
        for (const TransactionPart& part : *waiting[s][i].transactions) {
          found[part.id] = part;
          ++count[part.id];
        }
      }
      taken_[s] += chosen[s];
      moved = moved || chosen[s] > 0;
    }
    for (const auto& [id, part] : found) REQUIRE(count[id] == part.parts);
    return moved;
  }

  std::mt19937 random_;
  std::vector<std::vector<Parts>> batches_;  // by shard, in order
  std::vector<std::size_t> given_;
  std::vector<std::size_t> taken_;
};

}  // namespace

TEST_CASE("crossing transactions are cut whole, and all of them in the end") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    Crossing(seed, 2 + seed % 3, 80).run();
  }
}

TEST_CASE("two batches that wait for each other go together") {
  const Parts first = {{.id = 1, .parts = 2}, {.id = 2, .parts = 2}};
  const Parts second = {{.id = 2, .parts = 2}, {.id = 1, .parts = 2}};
  const WaitingBatch a{.bytes = 1000, .transactions = &first};
  const WaitingBatch b{.bytes = 1000, .transactions = &second};
  CHECK(choose_prefixes({{a}, {b}}, 1, 0) == std::vector<std::size_t>{1, 1});
  // A batch of each shard that holds the other's second one back.
  const Parts one = {{.id = 1, .parts = 2}};
  const Parts two = {{.id = 2, .parts = 2}};
  const WaitingBatch x{.bytes = 1000, .transactions = &one};
  const WaitingBatch y{.bytes = 1000, .transactions = &two};
  CHECK(choose_prefixes({{x, y}, {y, x}}, 1, 0) == std::vector<std::size_t>{2, 2});
  // Two parts of one transaction in one batch, the third one elsewhere.
  const Parts both = {{.id = 3, .parts = 3}, {.id = 3, .parts = 3}};
  const Parts rest = {{.id = 3, .parts = 3}};
  const WaitingBatch p{.bytes = 1, .transactions = &both};
  const WaitingBatch q{.bytes = 1, .transactions = &rest};
  CHECK(choose_prefixes({{p}, {}}, 100, 0) == std::vector<std::size_t>{0, 0});
  CHECK(choose_prefixes({{p}, {q}}, 100, 0) == std::vector<std::size_t>{1, 1});
}

TEST_CASE("two shards with hundreds of crossing transactions on disk") {
  const TempDir dir;
  RocksOptions options = small_options(dir.path());
  options.commit_bytes_max = 2 << 10;
  constexpr std::uint64_t count = 600;
  {
    const auto store = open_store(options);
    Ear ear;
    store->start(ear);
    // Transaction i writes a message at position i of queue 1 (shard 0) and of queue 2 (shard 1).
    const auto submit_all = [&](std::uint16_t id, std::uint32_t batch_size) {
      Shard shard(*store, ear, id);
      for (std::uint64_t i = 1; i <= count; ++i) {
        shard.append(id + 1U, i, make_message("m"));
        shard.batch().transactions.push_back({.id = i, .parts = 2});
        if (i % batch_size == 0) shard.submit();
      }
      shard.submit();
    };
    std::thread other([&] { submit_all(1, 7); });
    submit_all(0, 3);
    other.join();
    CHECK(ear.wait_committed(ShardId{0}, count));
    CHECK(ear.wait_committed(ShardId{1}, count));
    CHECK_FALSE(ear.out_of_order());
    // One that never gets its second part; then the store stops.
    Shard late(*store, ear, 2);
    late.append(3, 1, make_message("torn"));
    late.batch().transactions.push_back({.id = count + 1, .parts = 2});
    late.submit();
    store->stop();
  }
  const Recovered recovered = open_store(options)->take_recovered();
  REQUIRE(recovered.queues.size() == 2);
  CHECK(recovered.queues[0].count == count);
  CHECK(recovered.queues[1].count == count);
}
