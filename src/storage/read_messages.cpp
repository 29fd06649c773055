// read_messages(): one read request, block by block. Runs on a reader thread (reader.cpp).
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/slab.hpp"
#include "storage/block.hpp"
#include "storage/reader.hpp"

namespace tern::storage {
namespace {

// The blocks of one stream in one epoch, opened when their turn comes.
class Cursor {
 public:
  explicit Cursor(const SegmentRange& range) : range_(range) {}

  [[nodiscard]] const SegmentRange& range() const noexcept { return range_; }
  [[nodiscard]] bool at_end() const noexcept { return at_end_; }
  [[nodiscard]] rocksdb::Status status() const { return it_ ? it_->status() : rocksdb::Status(); }
  [[nodiscard]] Bytes value() const { return to_bytes(it_->value()); }
  [[nodiscard]] Position block_first() const noexcept { return first_; }
  [[nodiscard]] bool is_open() const noexcept { return it_ != nullptr; }

  /// No message that this cursor still has lies below.
  [[nodiscard]] Position bound(Position from) const noexcept {
    return is_open() ? std::max(first_, from) : std::max(range_.first, from);
  }

  /// Goes to the block that `from` lies in, or else the next one.
  void open(Database& database, Position from) {
    lower_ = encode_block_key({range_.epoch, range_.stream, 0});
    upper_ = encode_block_key({range_.epoch, range_.stream, range_.last + 1});
    lower_slice_ = to_slice(view(lower_));
    upper_slice_ = to_slice(view(upper_));
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower_slice_;
    options.iterate_upper_bound = &upper_slice_;
    options.fill_cache = false;
    it_.reset(database.db().NewIterator(options, database.messages()));
    if (range_.unordered || from <= range_.first) {
      // Blocks that overlap: any block from the first one on may hold what is wanted. And a block
      // that was shrunk begins below its first message.
      it_->Seek(lower_slice_);
    } else {
      const auto wanted = encode_block_key({range_.epoch, range_.stream, from});
      it_->SeekForPrev(to_slice(view(wanted)));
      if (!it_->Valid() && it_->status().ok()) it_->Seek(lower_slice_);
    }
    look();
  }
  void next() {
    it_->Next();
    look();
  }

 private:
  void look() {
    at_end_ = !it_->Valid();
    if (at_end_) return;
    const auto key = decode_block_key(to_bytes(it_->key()));
    first_ = key ? key->position : 0;
  }

  SegmentRange range_;
  BlockKeyBytes lower_{};
  BlockKeyBytes upper_{};
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> it_;
  Position first_ = 0;
  bool at_end_ = false;
};

class Read {
 public:
  Read(Database& database, const StreamTable& table, const Inbox& inbox, SharedCache& cache,
       const ReadRequest& request)
      : database_(database), table_(table), cache_(cache), request_(request) {
    // What was settled and has not entered the table: asked first, since it moves from here to
    // there.
    std::vector<Settled> settled;
    inbox.collect_settled(request.shard, request.queue, settled, low_water_);
    for (const Settled& item : settled)
      pending_[item.spilled ? 1 : 0].fill(std::max(item.first, request.from),
                                          std::min(item.last, request.to));
  }

  Result<ReadResult> run() {
    result_.queue = request_.queue;
    result_.from = request_.from;
    // A cursor must not move once it is open: the iterator refers to its bounds.
    for (const SegmentRange& range : table_.segments(request_.queue, request_.from, request_.to))
      cursors_.push_back(std::make_unique<Cursor>(range));
    while (Cursor* cursor = lowest()) {
      if (cursor->bound(request_.from) >= request_.to) break;
      if (!cursor->is_open()) {
        cursor->open(database_, request_.from);
      } else if (bytes_ >= request_.bytes_max && has_message_below(cursor->bound(0))) {
        return finish(cursor->bound(request_.from));
      } else {
        if (!load(*cursor)) return Error{error_};
        cursor->next();
      }
      if (!cursor->status().ok()) return Error{"cannot read: " + cursor->status().ToString()};
    }
    return finish(request_.to);
  }

 private:
  Cursor* lowest() const {
    Cursor* result = nullptr;
    for (const auto& cursor : cursors_) {
      if (cursor->at_end()) continue;
      if (result == nullptr || cursor->bound(request_.from) < result->bound(request_.from))
        result = cursor.get();
    }
    return result;
  }

  bool has_message_below(Position bound) const {
    return std::any_of(result_.messages.begin(), result_.messages.end(),
                       [&](const StoredMessage& stored) { return stored.position < bound; });
  }

  Result<ReadResult> finish(Position next) {
    auto& messages = result_.messages;
    const auto by_position = [](const StoredMessage& a, const StoredMessage& b) {
      return a.position < b.position;
    };
    if (!std::is_sorted(messages.begin(), messages.end(), by_position))
      std::stable_sort(messages.begin(), messages.end(), by_position);
    while (!messages.empty() && messages.back().position >= next) messages.pop_back();
    result_.next = next;
    return std::move(result_);
  }

  bool load(const Cursor& cursor) {
    const Bytes value = cursor.value();
    const std::size_t wanted = choose(cursor, value);
    if (!error_.empty()) return false;
    if (wanted == 0) return true;
    // A few messages out of many are copied, so that they do not keep the whole block in memory.
    const bool in_place = wanted * 4 >= chosen_.size();
    SlabLease lease;
    Bytes bytes = value;
    if (in_place) {
      lease = SlabLease(Slab::create_exact(value.size() + 8 + wanted * sizeof(Message)));
      std::memcpy(lease->free_begin(), value.data(), value.size());
      bytes = {lease->free_begin(), value.size()};
      lease->advance(value.size());
    }
    BlockReader reader(cursor.block_first(), bytes);
    BlockEntry entry;
    for (std::size_t i = 0; reader.next(entry); ++i) {
      if (!chosen_[i]) continue;
      MessageRef message = entry.shared ? shared(cursor, reader.commit(), entry)
                           : in_place   ? MessageRef::in_place(lease, entry.message)
                                        : MessageRef::gather(entry.message);
      if (!message && !entry.shared) message = MessageRef::gather(entry.message);
      if (!message) return false;
      bytes_ += message->bytes();
      result_.messages.push_back({entry.position, std::move(message)});
    }
    return true;
  }

  // Marks in chosen_ which of a block's entries are wanted and not settled; how many those are.
  std::size_t choose(const Cursor& cursor, Bytes value) {
    positions_.clear();
    BlockReader reader(cursor.block_first(), value);
    for (BlockEntry entry; reader.next(entry);) positions_.push_back(entry.position);
    if (!reader.ok()) {
      error_ = fmt::format("a block of queue {} is damaged: epoch {} position {}",
                           raw(request_.queue), cursor.range().epoch, cursor.block_first());
      return 0;
    }
    table_.settled(cursor.range().stream, positions_, settled_);
    const SettledSet& pending = pending_[is_spilled(cursor.range().stream) ? 1 : 0];
    chosen_.assign(positions_.size(), false);
    std::size_t count = 0;
    for (std::size_t i = 0; i < positions_.size(); ++i) {
      const Position position = positions_[i];
      if (settled_[i] || position < std::max(request_.from, low_water_) ||
          position >= request_.to || pending.contains(position))
        continue;
      chosen_[i] = true;
      ++count;
    }
    return count;
  }

  MessageRef shared(const Cursor& cursor, CommitId commit, const BlockEntry& entry) {
    return cache_.find(database_, cursor.range().epoch, shared_id(commit, entry.part), entry.index,
                       error_);
  }

  Database& database_;
  const StreamTable& table_;
  SharedCache& cache_;
  const ReadRequest& request_;
  SettledSet pending_[2];  // stored, spilled
  Position low_water_ = 0;
  std::vector<std::unique_ptr<Cursor>> cursors_;
  std::vector<Position> positions_;
  std::vector<bool> settled_;
  std::vector<bool> chosen_;
  std::uint64_t bytes_ = 0;
  ReadResult result_;
  std::string error_;
};

}  // namespace

MessageRef SharedCache::find(Database& database, Epoch epoch, std::uint64_t id, std::uint32_t index,
                             std::string& error) {
  const auto known = std::find_if(loaded_.begin(), loaded_.end(), [&](const Loaded& loaded) {
    return loaded.epoch == epoch && loaded.id == id;
  });
  if (known != loaded_.end() && index < known->messages.size()) return known->messages[index];

  const BlockKeyBytes key = encode_block_key({epoch, shared_stream, id});
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  rocksdb::PinnableSlice value;
  const auto status = database.db().Get(options, database.messages(), to_slice(view(key)), &value);
  if (!status.ok()) {
    error = fmt::format("a shared block cannot be read: epoch {} id {}: {}", epoch, id,
                        status.ToString());
    return {};
  }
  const std::uint64_t count = SharedReader(to_bytes(value)).count();
  SlabLease lease(Slab::create_exact(value.size() + 8 + count * sizeof(Message)));
  std::memcpy(lease->free_begin(), value.data(), value.size());
  SharedReader reader({lease->free_begin(), value.size()});
  lease->advance(value.size());
  Loaded loaded{epoch, id, {}};
  for (MessageParts parts; reader.next(parts);)
    loaded.messages.push_back(MessageRef::in_place(lease, parts));
  if (!reader.ok() || index >= loaded.messages.size()) {
    error = fmt::format("a shared block is damaged: epoch {} id {}", epoch, id);
    return {};
  }
  if (loaded_.size() == blocks_max) loaded_.erase(loaded_.begin());
  return loaded_.emplace_back(std::move(loaded)).messages[index];
}

Result<ReadResult> read_messages(Database& database, const StreamTable& table, const Inbox& inbox,
                                 SharedCache& cache, const ReadRequest& request) {
  return Read(database, table, inbox, cache, request).run();
}

}  // namespace tern::storage
