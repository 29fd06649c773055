// Fuzzes blocks of messages as a damaged disk would show them: eight octets are the position in the
// key, the rest is the value. Whatever is read lies inside the value and inside the block's range;
// a block that is read whole survives a round trip.
#include "base/ensure.hpp"
#include "storage/block.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

struct Block {
  std::vector<BlockEntry> entries;  // views into the value
  CommitId commit = 0;
  bool is_whole = false;
};

bool lies_in(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_entry(const BlockEntry& entry, Position before, Position last, Bytes value) {
  ensure(entry.position >= before, "positions go back");
  ensure(entry.position <= last, "position beyond the block's last");
  if (entry.shared) {
    ensure(entry.part < shared_parts_max, "part out of range");
    return;
  }
  ensure(lies_in(entry.message.names, value), "names outside of the value");
  ensure(lies_in(entry.message.properties, value), "properties outside of the value");
  ensure(lies_in(entry.message.body, value), "body outside of the value");
  const auto octet = [&](std::size_t at) {
    return std::size_t{static_cast<std::uint8_t>(entry.message.names.at(at))};
  };
  ensure(entry.message.names.size() == octet(0) + octet(octet(0) + 1) + 2, "these are no names");
}

Block read(Position first, Bytes value) {
  Block block;
  BlockReader reader(first, value);
  const std::uint64_t count = reader.count();
  Position before = first;
  for (BlockEntry entry; reader.next(entry);) {
    check_entry(entry, before, reader.last(), value);
    before = entry.position;
    block.entries.push_back(entry);
  }
  BlockEntry entry;
  ensure(!reader.next(entry), "there is something behind the end");
  block.is_whole = reader.ok();
  block.commit = reader.commit();
  if (block.is_whole) ensure(block.entries.size() == count, "read another number of messages");
  return block;
}

std::string write(Position first, const Block& block) {
  BlockWriter writer;
  writer.begin(first);
  for (const BlockEntry& entry : block.entries) {
    if (entry.shared) {
      writer.add_shared(entry.position, block.commit, entry.part, entry.index);
    } else {
      writer.add(entry.position, entry.message);
    }
  }
  std::vector<Bytes> parts;
  writer.finish(parts);
  std::string value;
  for (const Bytes part : parts) value.append(part);
  return value;
}

void check_same(const BlockEntry& left, const BlockEntry& right) {
  ensure(left.position == right.position, "position changed by a round trip");
  ensure(left.shared == right.shared, "kind of entry changed by a round trip");
  if (left.shared) {
    ensure(left.part == right.part, "part changed by a round trip");
    ensure(left.index == right.index, "index changed by a round trip");
    return;
  }
  ensure(left.message.names == right.message.names, "names changed by a round trip");
  ensure(left.message.properties == right.message.properties, "properties changed");
  ensure(left.message.body == right.message.body, "body changed by a round trip");
  ensure(left.message.persistent == right.message.persistent, "persistence changed");
  ensure(left.message.priority == right.message.priority, "priority changed by a round trip");
  ensure(left.message.has_ttl == right.message.has_ttl, "expiration changed by a round trip");
  ensure(left.message.ttl_ms == right.message.ttl_ms, "expiration changed by a round trip");
  ensure(left.message.is_timed == right.message.is_timed, "wish for a later delivery changed");
  ensure(left.message.received == right.message.received, "time changed by a round trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  const auto* octets = reinterpret_cast<const char*>(data);
  const auto first = load_big_endian<std::uint64_t>(octets);
  const Bytes value(octets + 8, size - 8);
  const Block block = read(first, value);
  if (!block.is_whole) return 0;
  ensure(!read(first, std::string(value) + '\0').is_whole, "whole with an octet too many");
  const std::string encoded = write(first, block);
  const Block again = read(first, encoded);
  ensure(again.is_whole, "own encoding refused");
  ensure(again.entries.size() == block.entries.size(), "number of messages changed");
  for (std::size_t i = 0; i < block.entries.size(); ++i)
    check_same(block.entries[i], again.entries[i]);
  ensure(write(first, again) == encoded, "value changed by a round trip");
  return 0;
}
