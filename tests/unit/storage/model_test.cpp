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
  Time due{};
};

struct ModelQueue {
  std::map<Position, Held> held;
  std::map<Position, Returned> returned;
  std::set<DueEntry> due;     // of settled messages too, until trimmed
  std::set<Position> unsent;  // appended since the last batch: not trimmed by it
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
    } else if (choice < 76) {
      mark();
    } else if (choice < 78) {
      trim();
    } else if (choice < 80) {
      note_return();
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
      std::erase_if(queue.held, [&](const auto& item) {
        if (item.second.spilled) queue.due.erase({item.second.due, item.first});
        return item.second.spilled;
      });
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
      std::uint64_t body_bytes = 0;
      for (const auto& [position, held] : model.held) body_bytes += held.body.size();
      CHECK(queue.body_bytes == body_bytes);
      CHECK(queue.returned.size() == model.returned.size());
      for (const Returned& returned : queue.returned) {
        REQUIRE(model.returned.contains(returned.position));
        CHECK(model.returned.at(returned.position).delivery_count == returned.delivery_count);
        CHECK(model.returned.at(returned.position).due == returned.due);
      }
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
    const Time due = pick(2) == 0 ? Time{} : at(1 + pick(50) + drops_);
    const auto stage = shard_of(id).append(id, position, message, spilled, due);
    if (pick(30) == 0) {
      REQUIRE(shard_of(id).batch().withdraw(stage));
      return;
    }
    ModelQueue& queue = queues_[id];
    queue.held[position] = {std::string(message->body()), message->bytes(), spilled, due};
    if (due == Time{}) return;
    queue.due.insert({due, position});
    queue.unsent.insert(position);
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
    std::uint64_t body_bytes = 0;
    auto it = first;
    while (it != queue.held.end() && it->first < from + span) {
      if (it->second.spilled != spilled) {
        ++it;
        continue;
      }
      ++count;
      bytes += it->second.bytes;
      body_bytes += it->second.body.size();
      queue.returned.erase(it->first);
      it = queue.held.erase(it);
    }
    shard_of(id).settle(id, from, from + span, count, bytes, spilled, body_bytes);
    queue.next = std::max(queue.next, from + span);
  }

  void mark() {
    const std::uint32_t id = any_queue();
    ModelQueue& queue = queues_[id];
    queue.low_water = queue.held.empty() ? queue.next : queue.held.begin()->first;
    queue.delivered = std::max(queue.delivered, queue.low_water);
    shard_of(id).mark(id, queue.low_water, queue.delivered);
  }

  void note_return() {
    const std::uint32_t id = any_queue();
    ModelQueue& queue = queues_[id];
    if (queue.held.empty()) return;
    auto message = queue.held.begin();
    std::advance(message, pick(static_cast<std::uint32_t>(queue.held.size())));
    if (message->second.spilled) return;
    const Returned returned{static_cast<QueueId>(id), message->first, 1 + pick(9), at(pick(3))};
    queue.returned[message->first] = returned;
    shard_of(id).note_return(id, returned.position, returned.delivery_count, returned.due);
  }

  void trim() {
    const std::uint32_t id = any_queue();
    ModelQueue& queue = queues_[id];
    const DueEntry last{at(pick(60)), pick(200)};
    shard_of(id).trim(id, last);
    std::erase_if(queue.due, [&](const DueEntry& entry) {
      return entry <= last && !queue.unsent.contains(entry.position);
    });
  }

  void check_due(std::uint32_t id) {
    const ModelQueue& queue = queues_[id];
    const std::vector<DueEntry> entries = shard_of(id).all_due(id, 1 + pick(100));
    REQUIRE(std::is_sorted(entries.begin(), entries.end()));
    for (const DueEntry& entry : entries) REQUIRE(queue.due.contains(entry));
    for (const DueEntry& entry : queue.due) {
      if (queue.held.contains(entry.position))
        REQUIRE(std::binary_search(entries.begin(), entries.end(), entry));
    }
  }

  void drop() {
    const std::uint32_t id = any_queue();
    submit_all();
    store_->submit_records({}, {static_cast<QueueId>(id)}, [this] { ear_->count(); });
    queues_.erase(id);
    REQUIRE(ear_->wait_counted(++drops_));
    queues_[next_id_++];
  }

  void submit_one(std::uint32_t shard) {
    shards_[shard]->submit();
    for (auto& [id, queue] : queues_) {
      if (id % 2 == shard) queue.unsent.clear();
    }
  }
  void submit_all() {
    for (auto& shard : shards_) shard->commit();
    for (auto& [id, queue] : queues_) queue.unsent.clear();
  }

  void check(std::uint32_t id) {
    submit_all();
    check_due(id);
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
