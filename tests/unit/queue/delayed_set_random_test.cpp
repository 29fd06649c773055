// Random delays, commits, cancellations and restarts of a set of delayed messages, checked against
// a plain map.
#include <random>

#include "unit/queue/delayed_set_bench.hpp"

namespace tern::queue::test {

namespace {

class DelayLife {
 public:
  explicit DelayLife(std::uint64_t seed)
      : engine_(seed), window_(2000 + random(5000)), bench_(window_) {}

  void step() {
    const auto dice = random(1000);
    if (dice < 450) {
      add();
    } else if (dice < 600) {
      const auto ahead = bench_.store.staged.size() - bench_.store.committed_stage();
      bench_.store.commit_to(bench_.store.committed_stage() + random(ahead + 1));
      bench_.set->balance();
    } else if (dice < 750) {
      bench_.answer();
      bench_.run(now_);
    } else if (dice < 800) {
      cancel();
    } else if (dice < 803) {
      restart();
    } else {
      now_ += static_cast<std::int64_t>(random(30));
      bench_.run(now_);
    }
    check_released();
    REQUIRE(bench_.set->count() == model_.size());
    REQUIRE(bench_.context->counts.delayed == model_.size());
  }

  void end() {
    now_ += 5000;
    bench_.commit();
    for (int round = 0; round != 50; ++round) {
      bench_.run_all(now_);
      now_ += 200;
    }
    check_released();
    REQUIRE(model_.empty());
    bench_.commit();
    REQUIRE(bench_.store.kept.empty());
    REQUIRE(bench_.context->counts.resident_bytes == 0);
    REQUIRE(bench_.set->count() == 0);
  }

 private:
  struct Waiting {
    Time due;
    bool persistent;
  };

  std::uint64_t random(std::uint64_t below) { return engine_() % below; }

  void add() {
    const Position position = next_++;
    const bool persistent = random(3) != 0;
    const auto due = now_ + 1 + static_cast<std::int64_t>(random(2000));
    std::string body = std::to_string(position);
    body.resize(body.size() + random(200), ' ');
    model_[position] = {at(due), persistent};
    bench_.add(body, due, persistent);
  }

  void cancel() {
    const auto chosen = model_.lower_bound(1 + random(next_));
    if (chosen == model_.end()) return;
    REQUIRE(bench_.set->remove(chosen->first));
    model_.erase(chosen);
  }

  // Not in the middle of a command: the store has what was committed.
  void restart() {
    auto& kept = bench_.store.kept;
    std::erase_if(model_, [&](const auto& entry) {
      return kept.count(entry.first) == 0 || !entry.second.persistent;
    });
    bench_.set.reset();
    bench_.store.restart();
    std::erase_if(kept, [&](const auto& entry) { return model_.count(entry.first) == 0; });
    bench_.make_set(window_);
    Recovered recovered = bench_.recovered();
    recovered.next = std::max(recovered.next, next_);
    bench_.set->restore(recovered);
    last_ = {};
  }

  void check_released() {
    for (const std::string& body : bench_.released) {
      const Position position = std::stoull(body);
      REQUIRE(model_.count(position) == 1);
      REQUIRE(model_[position].due <= at(now_));
      REQUIRE(model_[position].due >= last_);
      last_ = model_[position].due;
      model_.erase(position);
    }
    bench_.released.clear();
  }

  std::mt19937_64 engine_;
  std::uint64_t window_;
  DelayBench bench_;
  std::map<Position, Waiting> model_;
  std::int64_t now_ = 0;
  Position next_ = 1;
  Time last_{};
};

}  // namespace

TEST_CASE("random delays, commits, cancellations and restarts: each once, in order") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    DelayLife life(seed);
    for (int step = 0; step != 3000; ++step) life.step();
    life.end();
  }
}

}  // namespace tern::queue::test
