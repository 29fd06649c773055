#include "storage/commit_builder.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::storage {
namespace {

// Message::shared_index of a message that was seen once in this commit.
constexpr std::uint32_t seen_once = 0xFFFFFFFF;
// Smaller messages are cheaper to copy into each queue's block than to look up.
constexpr std::uint32_t shared_bytes_min = 128 + sizeof(Message);

bool take(Append& append) {
  std::uint8_t expected = Append::pending;
  return std::atomic_ref(append.state)
      .compare_exchange_strong(expected, Append::taken, std::memory_order_acq_rel);
}

}  // namespace

void CommitBuilder::clear() {
  // After an unusually large commit the memory is given back.
  if (write_batch_.GetDataSize() > (32U << 20)) write_batch_ = rocksdb::WriteBatch();
  write_batch_.Clear();
}

void CommitBuilder::build(const Cut& cut, Delta& delta) {
  commit_ = delta.commit;
  epoch_ = delta.epoch;
  message_bytes_ = 0;
  due_.trim(cut, database_, write_batch_);
  take_appends(cut);
  sort_into_groups();
  place_shared();
  for (const Group& group : groups_) write_group(group, delta);
  write_shared_parts();
  write_changes(cut, delta);
  write_records(cut, delta);
  if (!delta.is_volatile()) {
    scratch_.clear();
    encode_delta(delta, scratch_);
    write_batch_.Put(database_.deltas(), encode_number(commit_), scratch_);
  }
}

void CommitBuilder::take_appends(const Cut& cut) {
  entries_.clear();
  groups_.clear();
  group_index_.clear();
  shared_.clear();
  Stream last_stream = 0;
  std::uint32_t last_group = 0;
  for (std::size_t i = 0; i < cut.batches.size(); ++i) {
    for (Append& append : cut.batches[i]->appends) {
      if (!take(append) || dropped_.contains(raw(append.queue))) continue;
      const Stream stream = stream_of(append.queue, append.spill);
      if (groups_.empty() || stream != last_stream) {
        last_stream = stream;
        last_group = group_of(stream);
      }
      Group& group = groups_[last_group];
      const Message& message = *append.message;
      ++group.count;
      group.bytes += message.bytes();
      group.body_bytes += message.body().size();
      message_bytes_ += message.bytes();
      entries_.push_back({append.position, &message, last_group});
      if (append.due != Time{})
        due_.add({stream, {append.due, append.position}}, i, database_, write_batch_);
      if (message.bytes() >= shared_bytes_min) note_sharing(message);
    }
  }
}

std::uint32_t CommitBuilder::group_of(Stream stream) {
  const auto [found, is_new] =
      group_index_.try_emplace(stream, static_cast<std::uint32_t>(groups_.size()));
  if (is_new) groups_.push_back({.stream = stream});
  return found->second;
}

void CommitBuilder::note_sharing(const Message& message) {
  if (message.shared_commit != commit_) {
    message.shared_commit = commit_;
    message.shared_index = seen_once;
  } else if (message.shared_index == seen_once) {
    message.shared_index = static_cast<std::uint32_t>(shared_.size());
    shared_.push_back(&message);
  }
}

// A counting sort by group, then by position where that is needed (it hardly ever is).
void CommitBuilder::sort_into_groups() {
  sorted_.resize(entries_.size());
  std::uint32_t begin = 0;
  for (Group& group : groups_) {
    group.begin = begin;
    begin += group.count;
    group.count = 0;
  }
  for (const Entry& entry : entries_) {
    Group& group = groups_[entry.group];
    sorted_[group.begin + group.count++] = entry;
  }
  const auto by_position = [](const Entry& a, const Entry& b) { return a.position < b.position; };
  for (const Group& group : groups_) {
    const auto first = sorted_.begin() + group.begin;
    if (!std::is_sorted(first, first + group.count, by_position))
      std::stable_sort(first, first + group.count, by_position);
  }
}

void CommitBuilder::place_shared() {
  places_.clear();
  parts_.clear();
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < shared_.size(); ++i) {
    const Message& message = *shared_[i];
    if (parts_.empty() || bytes + message.bytes() > block_bytes_max_) {
      if (parts_.size() == shared_parts_max) {  // a giant: store the rest queue by queue
        for (; i < shared_.size(); ++i) shared_[i]->shared_index = seen_once;
        return;
      }
      parts_.push_back({.begin = i, .count = 0, .users = {}});
      bytes = 0;
    }
    Part& part = parts_.back();
    places_.push_back({static_cast<std::uint32_t>(parts_.size() - 1), part.count++});
    bytes += message.bytes();
  }
}

void CommitBuilder::write_group(const Group& group, Delta& delta) {
  const Entry* const entries = sorted_.data() + group.begin;
  Appended appended{.queue = queue_of(group.stream),
                    .epoch = epoch_,
                    .first = entries[0].position,
                    .last = entries[group.count - 1].position,
                    .count = group.count,
                    .bytes = group.bytes,
                    .body_bytes = group.body_bytes,
                    .spilled = is_spilled(group.stream)};
  bool open = false;
  for (std::uint32_t i = 0; i < group.count; ++i) {
    const Entry& entry = entries[i];
    const Message& message = *entry.message;
    const bool is_shared = message.bytes() >= shared_bytes_min && message.shared_index != seen_once;
    // A block ends when it is full, and a large message has one to itself.
    if (open && !is_shared && block_.size() + message.bytes() > block_bytes_max_) {
      flush_block(group.stream);
      open = false;
    }
    if (!open) block_.begin(entry.position);
    open = true;
    if (!is_shared) {
      block_.add(entry.position, parts_of(message));
      continue;
    }
    const Place place = places_[message.shared_index];
    block_.add_shared(entry.position, commit_, place.part, place.index);
    auto& users = parts_[place.part].users;
    if (users.empty() || users.back().stream != group.stream)
      users.push_back({group.stream, entry.position, entry.position});
    users.back().last = entry.position;
  }
  if (open) flush_block(group.stream);
  delta.appended.push_back(appended);
}

void CommitBuilder::flush_block(Stream stream) {
  pieces_.clear();
  block_.finish(pieces_);
  put({.epoch = epoch_, .stream = stream, .position = block_.first()});
}

void CommitBuilder::write_shared_parts() {
  for (std::uint32_t number = 0; number < parts_.size(); ++number) {
    const Part& part = parts_[number];
    scratch_.clear();
    encode_shared_head(scratch_, part.users, part.count);
    shared_body_.clear();
    Time received{};
    for (std::uint32_t i = 0; i < part.count; ++i)
      write_message(shared_body_, parts_of(*shared_[part.begin + i]), received);
    pieces_.clear();
    pieces_.emplace_back(scratch_);
    shared_body_.parts(pieces_);
    put({.epoch = epoch_, .stream = shared_stream, .position = shared_id(commit_, number)});
  }
}

void CommitBuilder::put(const BlockKey& key) {
  const BlockKeyBytes key_bytes = encode_block_key(key);
  const rocksdb::Slice key_slice(key_bytes.data(), key_bytes.size());
  slices_.clear();
  for (const Bytes piece : pieces_) slices_.push_back(to_slice(piece));
  const rocksdb::Status status =
      write_batch_.Put(database_.messages(), rocksdb::SliceParts(&key_slice, 1),
                       rocksdb::SliceParts(slices_.data(), static_cast<int>(slices_.size())));
  ensure(status.ok(), "write batch refused a block");
}

void CommitBuilder::write_changes(const Cut& cut, Delta& delta) {
  for (const auto& batch : cut.batches) {
    for (const Settled& settled : batch->settled) {
      if (settled.first >= settled.last || dropped_.contains(raw(settled.queue))) continue;
      if (!delta.settled.empty()) {
        Settled& last = delta.settled.back();
        if (last.queue == settled.queue && last.spilled == settled.spilled &&
            last.last == settled.first) {
          last.last = settled.last;
          last.count += settled.count;
          last.bytes += settled.bytes;
          last.body_bytes += settled.body_bytes;
          continue;
        }
      }
      delta.settled.push_back(settled);
    }
    for (const Mark& mark : batch->marks) {
      if (!dropped_.contains(raw(mark.queue))) delta.marks.push_back(mark);
    }
    for (const Returned& returned : batch->returned) {
      if (!dropped_.contains(raw(returned.queue))) delta.returned.push_back(returned);
    }
  }
}

void CommitBuilder::write_record(const Record& record) {
  if (record.value) {
    write_batch_.Put(database_.meta(), topology_key(record.key), *record.value);
  } else {
    write_batch_.Delete(database_.meta(), topology_key(record.key));
  }
}

void CommitBuilder::write_records(const Cut& cut, Delta& delta) {
  for (const auto& batch : cut.batches) {
    for (const Record& record : batch->records) write_record(record);
  }
  for (const RecordsItem& item : cut.records) {
    for (const Record& record : item.records) write_record(record);
    for (const QueueId queue : item.dropped) {
      if (queue == QueueId::none) continue;
      write_batch_.Delete(database_.meta(), queue_key(queue));
      due_.drop(queue, database_, write_batch_);
      delta.dropped.push_back(queue);
      dropped_.fill(raw(queue), std::uint64_t{raw(queue)} + 1);
    }
  }
}

}  // namespace tern::storage
