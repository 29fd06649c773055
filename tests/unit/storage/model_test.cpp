// Random operations on the store on disk, with restarts and with epochs of a few messages, against
// a simple model: a map of what every queue must hold.
#include <random>
#include <set>

#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

struct Held {
  std::string body;
  std::uint64_t bytes = 0;
  bool spilled = false;
};

struct ModelQueue {
  std::map<Position, Held> held;
  Position next = 1;
  Position low_water = 1;
  Position delivered = 1;
};

class World {
 public:
  World(const std::string& path, std::uint32_t seed)
      : random_(seed), options_(small_options(path)) {
    options_.epoch_bytes = 24 << 10;
    options_.block_bytes_max = 2 << 10;
    options_.commit_bytes_max = 8 << 10;
    options_.checkpoint_interval = std::chrono::milliseconds(5);
    options_.reclaim_interval = std::chrono::milliseconds(3);
    for (std::uint32_t q = 1; q <= 6; ++q) queues_[q];
    open();
  }
  ~World() { store_->stop(); }

  void step() {
    const std::uint32_t choice = pick(100);
    if (choice < 40) {
      append();
    } else if (choice < 70) {
      settle();
    } else if (choice < 80) {
      mark();
    } else if (choice < 84) {
      fan_out();
    } else if (choice < 94) {
      submit_one(pick(2));
    } else if (choice < 98) {
      check(any_queue());
    } else if (choice == 98) {
      drop();
    } else if (pick(4) == 0) {
      restart();
    }
  }

  void restart() {
    submit_all();
    store_->stop();
    store_.reset();
    for (auto& [id, queue] : queues_)
      std::erase_if(queue.held, [](const auto& item) { return item.second.spilled; });
    open();
  }

  void check_all() {
    for (const auto& [id, queue] : queues_) check(id);
  }

 private:
  std::uint32_t pick(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  std::uint32_t any_queue() {
    auto it = queues_.begin();
    std::advance(it, pick(static_cast<std::uint32_t>(queues_.size())));
    return it->first;
  }
  Shard& shard_of(std::uint32_t queue) { return *shards_[queue % 2]; }

  void open() {
    shards_.clear();
    ear_ = std::make_unique<Ear>();
    drops_ = 0;
    store_ = open_store(options_);
    const Recovered recovered = store_->take_recovered();
    std::set<std::uint32_t> seen;
    for (const RecoveredQueue& queue : recovered.queues) {
      INFO("queue " << raw(queue.queue));
      REQUIRE(queues_.contains(raw(queue.queue)));
      seen.insert(raw(queue.queue));
      const ModelQueue& model = queues_[raw(queue.queue)];
      std::uint64_t bytes = 0;
      for (const auto& [position, held] : model.held) bytes += held.bytes;
      CHECK(queue.count == model.held.size());
      CHECK(queue.bytes == bytes);
      CHECK(queue.low_water <= model.low_water);
      if (!model.held.empty()) {
        CHECK(queue.low_water <= model.held.begin()->first);
        CHECK(queue.next > model.held.rbegin()->first);
      }
      CHECK(queue.next <= model.next);
    }
    for (const auto& [id, model] : queues_) CHECK((model.held.empty() || seen.contains(id)));
    store_->start(*ear_);
    for (std::uint16_t i = 0; i < 2; ++i)
      shards_.push_back(std::make_unique<Shard>(*store_, *ear_, i));
    check_all();
  }

  void append() {
    const std::uint32_t id = any_queue();
    ModelQueue& queue = queues_[id];
    const std::uint32_t count = 1 + pick(20);
    for (std::uint32_t i = 0; i < count; ++i) {
      queue.next += pick(10) == 0 ? 1 + pick(3) : 0;  // a hole
      const Position position = queue.next++;
      const bool spilled = pick(4) == 0;
      const std::string body = std::to_string(id) + "/" + std::to_string(position) +
                               std::string(pick(20) == 0 ? pick(5000) : pick(200), 'b');
      keep(id, position, make_message(body, !spilled), spilled);
    }
  }

  void keep(std::uint32_t id, Position position, const MessageRef& message, bool spilled) {
    const auto stage = shard_of(id).append(id, position, message, spilled);
    if (pick(30) == 0) {
      REQUIRE(shard_of(id).batch().withdraw(stage));
      return;
    }
    queues_[id].held[position] = {std::string(message->body()), message->bytes(), spilled};
  }

  void fan_out() {
    const auto message = make_message("fan-out " + std::string(150 + pick(1000), 'f'));
    for (auto& [id, queue] : queues_) {
      if (pick(3) != 0) keep(id, queue.next++, message, false);
    }
  }

  // Settles everything of one stream in a random range, or one random message.
  void settle() {
    const std::uint32_t id = any_queue();
    ModelQueue& queue = queues_[id];
    if (queue.held.empty()) return;
    auto first = queue.held.begin();
    if (pick(2) == 0) std::advance(first, pick(static_cast<std::uint32_t>(queue.held.size())));
    const bool spilled = first->second.spilled;
    const std::uint32_t span = pick(3) == 0 ? 1 + pick(200) : 1;
    const Position from = first->first;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    auto it = first;
    while (it != queue.held.end() && it->first < from + span) {
      if (it->second.spilled != spilled) {
        ++it;
        continue;
      }
      ++count;
      bytes += it->second.bytes;
      it = queue.held.erase(it);
    }
    shard_of(id).settle(id, from, from + span, count, bytes, spilled);
    queue.next = std::max(queue.next, from + span);
  }

  void mark() {
    const std::uint32_t id = any_queue();
    ModelQueue& queue = queues_[id];
    queue.low_water = queue.held.empty() ? queue.next : queue.held.begin()->first;
    queue.delivered = std::max(queue.delivered, queue.low_water);
    shard_of(id).mark(id, queue.low_water, queue.delivered);
  }

  void drop() {
    const std::uint32_t id = any_queue();
    submit_all();
    store_->submit_records({}, {static_cast<QueueId>(id)}, [this] { ear_->count(); });
    queues_.erase(id);
    REQUIRE(ear_->wait_counted(++drops_));
    queues_[next_id_++];
  }

  void submit_one(std::uint32_t shard) { shards_[shard]->submit(); }
  void submit_all() {
    for (auto& shard : shards_) shard->commit();
  }

  void check(std::uint32_t id) {
    submit_all();
    const ModelQueue& queue = queues_[id];
    const auto messages =
        shard_of(id).read_all(id, 1, queue.next + 1, pick(2) == 0 ? 3000 : 1 << 20);
    INFO("queue " << id << " next " << queue.next);
    REQUIRE(messages.size() == queue.held.size());
    auto expected = queue.held.begin();
    for (const StoredMessage& stored : messages) {
      REQUIRE(stored.position == expected->first);
      REQUIRE(stored.message->body() == expected->second.body);
      ++expected;
    }
    REQUIRE(ear_->failure().empty());
  }

  std::mt19937 random_;
  RocksOptions options_;
  std::map<std::uint32_t, ModelQueue> queues_;
  std::uint32_t next_id_ = 7;
  int drops_ = 0;  // in this run
  std::unique_ptr<Ear> ear_;
  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace

TEST_CASE("random operations and restarts agree with a model") {
  const std::uint32_t seed = GENERATE(1U, 2U, 3U, 4U);
  INFO("seed " << seed);
  const TempDir dir;
  World world(dir.path(), seed);
  for (int i = 0; i < 2500; ++i) world.step();
  world.check_all();
  world.restart();
  world.check_all();
}
