// The store on disk, from submit() to the news that a batch is durable: what the committer, the
// block builder and RocksDB cost per message, and what a sync costs.
#include <benchmark/benchmark.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "message/properties.hpp"
#include "storage/rocks_store.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

class Ear final : public Listener {
 public:
  void committed(ShardId, std::uint64_t last_stage) override {
    const std::scoped_lock lock(mutex_);
    stage_ = last_stage;
    changed_.notify_all();
  }
  void read_done(ShardId, ReadResult&&) override {}
  void due_read(ShardId, DueResult&&) override {}
  void failed(const std::string&) override {}
  void wait_for(std::uint64_t stage) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stage_ >= stage; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t stage_ = 0;
};

// In the working directory, which is on a disk where a temporary directory may be in memory.
struct Scratch {
  std::string path;
  Scratch() {
    std::string name = (std::filesystem::current_path() / "store-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Scratch() { std::filesystem::remove_all(path); }
};

// Batches of `range(0)` messages of 1 KiB, each settled by the next batch; one batch at a time.
void append_and_sync(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Scratch scratch;
  Ear ear;
  auto store = open_rocks_store({.data_dir = scratch.path});
  if (!store) return state.SkipWithError(store.error().text.c_str());
  static_cast<void>((*store)->take_recovered());
  (*store)->start(ear);
  const std::string body(1024, 'x');
  const MessageRef message = MessageRef::gather(
      {.names = Bytes("\0\1q", 3), .properties = no_properties, .body = body, .persistent = true});
  std::uint64_t stage = 0;
  for (auto _ : state) {
    auto batch = std::make_shared<Batch>();
    batch->first_stage = stage + 1;
    for (std::size_t number = 0; number < count; ++number)
      batch->appends.push_back({.message = message, .queue = QueueId{1}, .position = ++stage});
    if (stage > count)
      batch->settled.push_back({.queue = QueueId{1},
                                .first = stage - 2 * count + 1,
                                .last = stage - count + 1,
                                .count = count,
                                .bytes = count * 1024,
                                .body_bytes = count * 1024});
    batch->last_stage = stage;
    (*store)->submit(std::move(batch));
    ear.wait_for(stage);
  }
  (*store)->stop();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append_and_sync)->Arg(1)->Arg(100)->Arg(1000)->UseRealTime();

}  // namespace
