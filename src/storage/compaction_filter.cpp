#include "storage/compaction_filter.hpp"

#include <algorithm>

#include "storage/block.hpp"

namespace tern::storage {
namespace {

using rocksdb::CompactionFilter;
using rocksdb::Slice;

class MessageFilter final : public CompactionFilter {
 public:
  explicit MessageFilter(std::shared_ptr<const FilterState> state) : state_(std::move(state)) {}
  const char* Name() const override { return "tern.messages"; }

  // A plain "remove" would leave a tombstone behind; skipping to the next key does not.
  Decision FilterV2(int, const Slice& raw_key, ValueType type, const Slice& value,
                    std::string* new_value, std::string* skip_until) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    const auto key = decode_block_key(to_bytes(raw_key));
    if (!key) return Decision::kKeep;
    const auto skip_to = [&](const BlockKey& next) {
      *skip_until = view(encode_block_key(next));
      return Decision::kRemoveAndSkipUntil;
    };
    if (state_->table.is_epoch_dead(key->epoch))
      return skip_to({.epoch = key->epoch + 1, .stream = 0, .position = 0});
    const BlockKey next{key->epoch, key->stream, key->position + 1};
    if (key->stream == shared_stream)
      return is_shared_dead(*key, to_bytes(value)) ? skip_to(next) : Decision::kKeep;
    const BlockReader reader(key->position, to_bytes(value));
    if (!reader.ok()) return Decision::kKeep;  // damage is for readers to report
    if (state_->table.is_dead(key->stream, key->epoch, key->position, reader.last()))
      return skip_to(next);
    if (!state_->table.may_be_settled(key->stream, key->position, reader.last()))
      return Decision::kKeep;
    bool all_settled = false;
    auto shrunk = shrink_block(state_->table, *key, to_bytes(value), all_settled);
    if (all_settled) return skip_to(next);
    if (!shrunk) return Decision::kKeep;
    *new_value = std::move(*shrunk);
    return Decision::kChangeValue;
  }

 private:
  [[nodiscard]] bool is_shared_dead(const BlockKey& key, Bytes value) const {
    const SharedReader reader(value);
    const auto& users = reader.users();
    return reader.ok() && std::all_of(users.begin(), users.end(), [&](const SharedBy& user) {
             return state_->table.is_dead(user.stream, key.epoch, user.first, user.last);
           });
  }

  std::shared_ptr<const FilterState> state_;
};

class DeltaFilter final : public CompactionFilter {
 public:
  explicit DeltaFilter(CommitId covered) : covered_(covered) {}
  const char* Name() const override { return "tern.deltas"; }

  Decision FilterV2(int, const Slice& key, ValueType type, const Slice&, std::string*,
                    std::string* skip_until) const override {
    const auto commit = decode_number(to_bytes(key));
    if (type != ValueType::kValue || !commit || *commit > covered_) return Decision::kKeep;
    *skip_until = encode_number(covered_ + 1);
    return Decision::kRemoveAndSkipUntil;
  }

 private:
  CommitId covered_;
};

class DueFilter final : public CompactionFilter {
 public:
  explicit DueFilter(std::shared_ptr<const FilterState> state) : state_(std::move(state)) {}
  const char* Name() const override { return "tern.due"; }

  Decision FilterV2(int, const Slice& raw_key, ValueType type, const Slice&, std::string*,
                    std::string* skip_until) const override {
    const auto key = decode_due_key(to_bytes(raw_key));
    if (type != ValueType::kValue || !key) return Decision::kKeep;
    if (!state_->table.is_settled(key->stream, key->entry.position)) return Decision::kKeep;
    *skip_until = key_after(to_bytes(raw_key));
    return Decision::kRemoveAndSkipUntil;
  }

 private:
  std::shared_ptr<const FilterState> state_;
};

template <class Make>
class Factory final : public rocksdb::CompactionFilterFactory {
 public:
  Factory(const char* name, Make make) : name_(name), make_(std::move(make)) {}
  const char* Name() const override { return name_; }
  bool ShouldFilterTableFileCreation(rocksdb::TableFileCreationReason reason) const override {
    return reason == rocksdb::TableFileCreationReason::kFlush ||
           reason == rocksdb::TableFileCreationReason::kCompaction;
  }
  std::unique_ptr<CompactionFilter> CreateCompactionFilter(
      const CompactionFilter::Context&) override {
    return make_();
  }

 private:
  const char* name_;
  Make make_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> make_message_filter(
    std::shared_ptr<const FilterState> state) {
  auto make = [state] { return std::make_unique<MessageFilter>(state); };
  return std::make_shared<Factory<decltype(make)>>("tern.messages", std::move(make));
}

std::shared_ptr<rocksdb::CompactionFilterFactory> make_delta_filter(
    std::shared_ptr<const FilterState> state) {
  auto make = [state] { return std::make_unique<DeltaFilter>(state->covered.load()); };
  return std::make_shared<Factory<decltype(make)>>("tern.deltas", std::move(make));
}

std::shared_ptr<rocksdb::CompactionFilterFactory> make_due_filter(
    std::shared_ptr<const FilterState> state) {
  auto make = [state] { return std::make_unique<DueFilter>(state); };
  return std::make_shared<Factory<decltype(make)>>("tern.due", std::move(make));
}

std::optional<std::string> shrink_block(const StreamTable& table, const BlockKey& key, Bytes value,
                                        bool& all_settled) {
  all_settled = false;
  std::vector<BlockEntry> entries;
  BlockReader reader(key.position, value);
  for (BlockEntry entry; reader.next(entry);) entries.push_back(entry);
  if (!reader.ok()) return std::nullopt;
  std::vector<Position> positions;
  positions.reserve(entries.size());
  for (const BlockEntry& entry : entries) positions.push_back(entry.position);
  std::vector<bool> settled;
  table.settled(key.stream, positions, settled);
  const auto live = static_cast<std::size_t>(std::count(settled.begin(), settled.end(), false));
  all_settled = live == 0;
  if (all_settled || live * 2 > entries.size()) return std::nullopt;

  BlockWriter writer;
  writer.begin(key.position);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (settled[i]) continue;
    const BlockEntry& entry = entries[i];
    if (entry.shared) {
      writer.add_shared(entry.position, reader.commit(), entry.part, entry.index);
    } else {
      writer.add(entry.position, entry.message);
    }
  }
  std::vector<Bytes> parts;
  writer.finish(parts);
  std::string shrunk;
  for (const Bytes part : parts) shrunk.append(part);
  return shrunk;
}

}  // namespace tern::storage
