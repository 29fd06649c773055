// What the commit thread does for a message: builds RocksDB's batch of what the shards handed over,
// writes it (into log and memtable, unsynced) and enters it into the stream table. In one thread,
// for callgrind to count (tests/bench/instructions).
//
//   commit_path WORKLOAD COUNT
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/ensure.hpp"
#include "message/properties.hpp"
#include "storage/commit_builder.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

constexpr std::uint64_t batch_messages = 100;

class Run {
 public:
  Run(const std::string& path, std::uint32_t queues)
      : queues_(queues),
        state_(std::make_shared<FilterState>()),
        database_(std::move(Database::open(options(path), state_).value())),
        builder_(*database_, options(path).block_bytes_max, {}) {}

  // What is counted: in each cut, every message goes to every queue, and what the cut before has
  // brought is settled.
  [[gnu::noipa]] void measured() {
    for (const Cut& cut : cuts_) {
      Delta delta;
      delta.commit = ++commit_;
      delta.epoch = 1;
      builder_.clear();
      builder_.build(cut, delta);
      written_bytes_ += builder_.write_batch().GetDataSize();
      ensure(database_->db().Write({}, &builder_.write_batch()).ok(), "the batch is written");
      state_->table.apply_durable(delta);
    }
  }
  void prepare(std::uint64_t cuts) {
    while (cuts_.size() < cuts) cuts_.push_back(make_cut());
  }
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  static RocksOptions options(const std::string& path) { return {.data_dir = path}; }

  Cut make_cut() {
    auto batch = std::make_shared<Batch>();
    const Position first = next_;
    next_ += batch_messages;
    for (Position position = first; position < next_; ++position) {
      const MessageRef message = MessageRef::gather({.names = Bytes("\0\1q", 3),
                                                     .properties = no_properties,
                                                     .body = body_,
                                                     .persistent = true});
      for (std::uint32_t queue = 1; queue <= queues_; ++queue)
        batch->appends.push_back(
            {.message = message, .queue = QueueId{queue}, .position = position});
    }
    for (std::uint32_t queue = 1; queue <= queues_ && first > batch_messages; ++queue)
      batch->settled.push_back({.queue = QueueId{queue},
                                .first = first - batch_messages,
                                .last = first - 1,
                                .count = batch_messages,
                                .bytes = batch->appends[0].message->bytes() * batch_messages,
                                .body_bytes = body_.size() * batch_messages});
    batch->last_stage = batch->appends.size();
    Cut cut;
    cut.batches.push_back(std::move(batch));
    return cut;
  }

  const std::uint32_t queues_;
  const std::string body_ = std::string(1024, 'x');
  std::shared_ptr<FilterState> state_;
  std::unique_ptr<Database> database_;
  CommitBuilder builder_;
  std::vector<Cut> cuts_;
  CommitId commit_ = 0;
  Position next_ = 1;
  std::uint64_t written_bytes_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  const std::string workload = count == 3 ? arguments[1] : "";
  if (workload != "commit-1k" && workload != "commit-fanout-10") {
    std::fputs("usage: commit_path commit-1k|commit-fanout-10 COUNT\n", stderr);
    return 2;
  }
  std::string path = (std::filesystem::temp_directory_path() / "commit-path-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return 1;
  const std::uint64_t messages = std::strtoull(arguments[2], nullptr, 10);
  std::uint64_t written = 0;
  {
    Run run(path, workload == "commit-1k" ? 1 : 10);
    run.prepare(messages / batch_messages);
    run.measured();
    written = run.written_bytes();
  }
  std::filesystem::remove_all(path);
  // A message is written once, however many queues take it.
  std::printf("%llu octets written\n", static_cast<unsigned long long>(written));
  return written > messages * 1024 && written < messages * 1400 ? 0 : 1;
}
