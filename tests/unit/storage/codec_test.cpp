// The store's formats: what is encoded is decoded, and no cut or flipped byte is taken for more
// than an error.
#include <limits>
#include <random>

#include "storage/block.hpp"
#include "storage/delta.hpp"
#include "storage/queue_state.hpp"
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

std::string joined(const std::vector<Bytes>& parts) {
  std::string value;
  for (const Bytes part : parts) value.append(part);
  return value;
}

std::string sample_block(const std::vector<MessageRef>& messages) {
  BlockWriter writer;
  writer.begin(100);
  writer.add(100, parts_of(*messages[0]));
  writer.add_shared(103, 55, 2, 9);
  writer.add(1000, parts_of(*messages[1]));
  std::vector<Bytes> parts;
  writer.finish(parts);
  return joined(parts);
}

// Reads to the end; the point is that it ends, inside the bytes.
bool block_is_whole(Bytes value) {
  BlockReader reader(100, value);
  for (BlockEntry entry; reader.next(entry);) {
    if (!entry.shared && !entry.message.body.empty())
      REQUIRE(entry.message.body.data() + entry.message.body.size() <= value.data() + value.size());
  }
  return reader.ok();
}

Delta sample_delta() {
  Delta delta;
  delta.appended.push_back({.queue = static_cast<QueueId>(1),
                            .epoch = 7,
                            .first = 10,
                            .last = 300,
                            .count = 200,
                            .bytes = 1ULL << 40,
                            .body_bytes = 1ULL << 39});
  delta.appended.push_back({.queue = static_cast<QueueId>(2), .spilled = true});
  delta.settled.push_back({static_cast<QueueId>(0x7FFFFFFF), 5, 9, 3, 1000, 700, false});
  delta.settled.push_back({static_cast<QueueId>(3), 5, 9, 3, 1000, 700, true});
  delta.marks.push_back({static_cast<QueueId>(4), 20, 30});
  delta.returned.push_back({static_cast<QueueId>(5), 1ULL << 50, 0xFFFFFFFF, Time{Millis{77}}});
  delta.dropped.push_back(static_cast<QueueId>(9));
  return delta;
}

}  // namespace

TEST_CASE("a block is read as it was written") {
  const std::vector<MessageRef> messages = {make_message("small", true, 200),
                                            make_message(std::string(5000, 'L'), false)};
  const std::string value = sample_block(messages);
  BlockReader reader(100, value);
  CHECK(reader.count() == 3);
  CHECK(reader.last() == 1000);
  CHECK(reader.commit() == 55);
  BlockEntry entry;
  REQUIRE(reader.next(entry));
  CHECK(entry.position == 100);
  CHECK(entry.message.body == "small");
  CHECK(entry.message.priority == 200);
  CHECK(entry.message.persistent);
  CHECK(entry.message.names == messages[0]->names());
  REQUIRE(reader.next(entry));
  CHECK(entry.shared);
  CHECK(entry.position == 103);
  CHECK(entry.part == 2);
  CHECK(entry.index == 9);
  REQUIRE(reader.next(entry));
  CHECK(entry.position == 1000);
  CHECK(entry.message.body == std::string(5000, 'L'));
  CHECK_FALSE(entry.message.persistent);
  CHECK_FALSE(reader.next(entry));
  CHECK(reader.ok());
}

TEST_CASE("hidden keys are read behind the names, and cost nothing where there are none") {
  const auto write = [](std::string hidden_keys) {
    const MessageRef message = make_message("body");
    MessageParts parts = parts_of(*message);
    parts.hidden_keys = hidden_keys;
    BlockWriter writer;
    writer.begin(1);
    writer.add(1, parts);
    std::vector<Bytes> pieces;
    writer.finish(pieces);
    return joined(pieces);
  };
  const std::string value = write("keys");
  BlockReader reader(1, value);
  BlockEntry entry;
  REQUIRE(reader.next(entry));
  CHECK(entry.message.hidden_keys == "keys");
  CHECK(entry.message.hidden_keys.data() ==
        entry.message.names.data() + entry.message.names.size());
  CHECK(entry.message.body == "body");
  CHECK_FALSE(reader.next(entry));
  CHECK(reader.ok());
  CHECK(value.size() - write("").size() == sizeof "keys" - 1 + 1);
  for (std::size_t cut = 0; cut < value.size(); ++cut)
    CHECK_FALSE(block_is_whole(Bytes(value).substr(0, cut)));
}

TEST_CASE("times and expirations are read as they were written, at little cost") {
  const auto at = [](std::int64_t received, std::optional<std::uint32_t> ttl = {},
                     bool is_timed = false) {
    MessageParts parts = parts_of(*make_message("m"));
    parts.received = Time{Millis{received}};
    parts.has_ttl = ttl.has_value();
    parts.ttl_ms = ttl.value_or(0);
    parts.is_timed = is_timed;
    return parts;
  };
  constexpr std::int64_t now = 1'763'900'000'000;
  constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
  const MessageRef message = make_message("m");
  const auto write = [&](const std::vector<MessageParts>& messages) {
    BlockWriter writer;
    writer.begin(1);
    Position position = 1;
    for (MessageParts parts : messages) {
      parts.names = message->names();
      parts.properties = message->properties();
      parts.body = message->body();
      writer.add(position++, parts);
    }
    std::vector<Bytes> parts;
    writer.finish(parts);
    return joined(parts);
  };
  const std::vector<MessageParts> messages = {
      at(now), at(now),        at(now + 5, 0), at(now - 9),   at(now, 0xFFFFFFFF, true),
      at(0),   at(latest, 60), at(-latest),    at(latest - 1)};
  const std::string value = write(messages);
  BlockReader reader(1, value);
  BlockEntry entry;
  for (const MessageParts& written : messages) {
    REQUIRE(reader.next(entry));
    CHECK(entry.message.received == written.received);
    CHECK(entry.message.has_ttl == written.has_ttl);
    CHECK(entry.message.ttl_ms == written.ttl_ms);
    CHECK(entry.message.is_timed == written.is_timed);
    CHECK(entry.message.persistent);
    CHECK(entry.message.body == "m");
  }
  CHECK_FALSE(reader.next(entry));
  CHECK(reader.ok());
  // The same moment costs nothing, one within a minute two octets at most.
  const std::size_t one = write({at(now)}).size() - write({at(0)}).size();
  CHECK(one <= 6);
  CHECK(write({at(now), at(now)}).size() - write({at(0), at(0)}).size() == one);
  CHECK(write({at(now), at(now + 8000)}).size() - write({at(0), at(0)}).size() == one + 2);
}

TEST_CASE("keys of the index of due times sort as stream, moment, position") {
  const auto key = [](Stream stream, std::int64_t due, Position position) {
    return std::string(view(encode_due_key({stream, {Time{Millis{due}}, position}})));
  };
  const DueKey some{spill_bit | 9U, {Time{Millis{1LL << 42}}, 1ULL << 60}};
  CHECK(decode_due_key(view(encode_due_key(some))) == some);
  CHECK_FALSE(decode_due_key("short").has_value());
  CHECK(key(5, 255, 9) < key(5, 256, 1));
  CHECK(key(5, 255, 255) < key(5, 255, 256));
  CHECK(key(5, std::numeric_limits<std::int64_t>::max(), ~0ULL) < due_end(5));
  CHECK(due_end(5) <= due_begin(6));
  CHECK(due_begin(6) <= key(6, 0, 0));
  CHECK(key(~Stream{0}, std::numeric_limits<std::int64_t>::max(), ~0ULL) < due_end(~Stream{0}));
  CHECK(key_after(key(5, 7, 7)) > key(5, 7, 7));
  CHECK(key_after(key(5, 7, 7)) < key(5, 7, 8));
}

TEST_CASE("a block that is cut or followed by more is an error") {
  const std::string value = sample_block({make_message("small"), make_message("other")});
  REQUIRE(block_is_whole(value));
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes)
    CHECK_FALSE(block_is_whole(std::string(value.data(), bytes)));
  CHECK_FALSE(block_is_whole(value + "x"));
}

TEST_CASE("a range without a position above it is an error") {
  constexpr Position highest = ~Position{0};
  ByteReader at_highest(Bytes("\0", 1));
  CHECK(at_highest.last_of(highest) == highest);
  CHECK_FALSE(at_highest.ok());
  ByteReader to_highest("\x01");
  CHECK(to_highest.last_of(highest - 1) == highest - 1);
  CHECK_FALSE(to_highest.ok());
  ByteReader below("\x01");
  CHECK(below.last_of(highest - 2) == highest - 1);
  CHECK(below.ok());
}

TEST_CASE("flipped bytes in blocks never lead outside of them") {
  const std::string value = sample_block({make_message("small"), make_message("other")});
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = value;
    for (std::uint32_t n = 1 + random() % 3; n > 0; --n)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    block_is_whole(damaged);
    SharedReader shared(damaged);
    for (MessageParts parts; shared.next(parts);) REQUIRE(parts.names.size() >= 2);
  }
}

TEST_CASE("a shared block names its users and holds its messages") {
  const std::vector<SharedBy> users = {{1, 5, 9}, {spill_bit | 2U, 7, 7}};
  std::string value;
  encode_shared_head(value, users, 2);
  ValueWriter writer;
  const auto first = make_message("first");
  const auto second = make_message(std::string(700, '2'));
  Time received{};
  write_message(writer, parts_of(*first), received);
  write_message(writer, parts_of(*second), received);
  std::vector<Bytes> parts;
  writer.parts(parts);
  value += joined(parts);

  SharedReader reader(value);
  CHECK(reader.users() == users);
  CHECK(reader.count() == 2);
  MessageParts message;
  REQUIRE(reader.next(message));
  CHECK(message.body == "first");
  REQUIRE(reader.next(message));
  CHECK(message.body == std::string(700, '2'));
  CHECK_FALSE(reader.next(message));
  CHECK(reader.ok());
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes) {
    SharedReader cut(Bytes(value.data(), bytes));
    while (cut.next(message)) {
    }
    CHECK_FALSE(cut.ok());
  }
}

TEST_CASE("a delta is read as it was written, without what was spilled") {
  std::string value;
  encode_delta(sample_delta(), value);
  const auto delta = decode_delta(value);
  REQUIRE(delta.has_value());
  REQUIRE(delta->appended.size() == 1);
  CHECK(delta->appended[0].epoch == 7);
  CHECK(delta->appended[0].first == 10);
  CHECK(delta->appended[0].last == 300);
  CHECK(delta->appended[0].count == 200);
  CHECK(delta->appended[0].bytes == 1ULL << 40);
  CHECK(delta->appended[0].body_bytes == 1ULL << 39);
  REQUIRE(delta->settled.size() == 1);
  CHECK(raw(delta->settled[0].queue) == 0x7FFFFFFF);
  CHECK(delta->settled[0].last == 9);
  CHECK(delta->settled[0].body_bytes == 700);
  REQUIRE(delta->marks.size() == 1);
  CHECK(delta->marks[0].delivered == 30);
  REQUIRE(delta->returned.size() == 1);
  CHECK(raw(delta->returned[0].queue) == 5);
  CHECK(delta->returned[0].position == 1ULL << 50);
  CHECK(delta->returned[0].delivery_count == 0xFFFFFFFF);
  CHECK(delta->returned[0].due == Time{Millis{77}});
  REQUIRE(delta->dropped.size() == 1);
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes)
    CHECK_FALSE(decode_delta(Bytes(value.data(), bytes)).has_value());
  CHECK_FALSE(decode_delta(value + '\0').has_value());
}

TEST_CASE("a queue's record is read as it was written, and never half") {
  EpochLedger ledger;
  QueueState state;
  state.low_water = 40;
  state.next = 9000;
  state.delivered = 77;
  state.stored = std::make_unique<StreamContents>();
  state.stored->append(
      {.queue = {}, .epoch = 3, .first = 10, .last = 4000, .count = 3990, .bytes = 9}, ledger);
  state.stored->append(
      {.queue = {}, .epoch = 4, .first = 4001, .last = 8999, .count = 10, .bytes = 5}, ledger);
  state.stored->settle({{}, 50, 60, 10, 1, 1, false}, 40, ledger);
  state.stored->body_bytes = 8;
  for (const Position position : {45, 46, 4500, 9100})  // the last one is not there
    state.stored->note_return({{}, position, 3, Time{Millis{1} * position}}, 40);
  std::string value;
  encode_queue_record(12, state, value);
  const auto record = decode_queue_record(value);
  REQUIRE(record.has_value());
  CHECK(record->as_of == 12);
  CHECK(record->state.low_water == 40);
  CHECK(record->state.next == 9000);
  CHECK(record->state.delivered == 77);
  REQUIRE(record->state.stored);
  CHECK(record->state.stored->count == 3990);
  CHECK(record->state.stored->body_bytes == 8);
  REQUIRE(record->state.stored->returned.size() == 3);
  CHECK(record->state.stored->returned.at(46).delivery_count == 3);
  CHECK(record->state.stored->returned.at(4500).due == Time{Millis{4500}});
  REQUIRE(record->state.stored->segments.size() == 2);
  CHECK(record->state.stored->segments[0].live_count == 3980);
  CHECK(record->state.stored->segments[1].last == 8999);
  CHECK(record->state.stored->settled.contains_all(50, 60));
  CHECK_FALSE(record->state.stored->settled.contains(49));
  CHECK_FALSE(record->state.stored->settled.contains(60));
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes)
    CHECK_FALSE(decode_queue_record(Bytes(value.data(), bytes)).has_value());
}

TEST_CASE("the settled set agrees with a plain one, also through its encoding") {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    SettledSet set;
    std::vector<bool> plain(6000, false);
    Position forgotten = 0;
    for (int i = 0; i < 40; ++i) {
      const Position first = random() % 5000;
      const Position last = first + (random() % 3 == 0 ? random() % 1000 : random() % 4);
      set.fill(first, last);
      for (Position p = first; p < last; ++p) plain[p] = true;
      if (random() % 10 == 0) {
        forgotten = std::max<Position>(forgotten, random() % 3000);
        set.forget_below(forgotten);
      }
    }
    std::string value;
    set.encode(value);
    ByteReader reader(value);
    const auto decoded = SettledSet::decode(reader);
    REQUIRE(decoded.has_value());
    REQUIRE(reader.at_end());
    for (Position p = forgotten; p < plain.size(); ++p) {
      REQUIRE(set.contains(p) == plain[p]);
      REQUIRE(decoded->contains(p) == plain[p]);
    }
    for (int i = 0; i < 50; ++i) {
      const Position first = forgotten + random() % (5000 - forgotten);
      const Position last = first + random() % 700;
      const auto from = plain.begin() + static_cast<std::ptrdiff_t>(first);
      const auto to = plain.begin() + static_cast<std::ptrdiff_t>(last);
      REQUIRE(set.contains_all(first, last) == std::all_of(from, to, [](bool b) { return b; }));
      if (std::any_of(from, to, [](bool b) { return b; }))
        REQUIRE(set.may_contain_any(first, last));
    }
  }
}

TEST_CASE("block keys sort as epoch, stream, position") {
  const BlockKey key{.epoch = 0x01020304, .stream = spill_bit | 5U, .position = 1ULL << 33};
  CHECK(decode_block_key(view(encode_block_key(key))) == key);
  CHECK(view(encode_block_key({1, 5, 256})) > view(encode_block_key({1, 5, 255})));
  CHECK(view(encode_block_key({1, 6, 0})) > view(encode_block_key({1, 5, 1ULL << 60})));
  CHECK(view(encode_block_key({2, 0, 0})) > view(encode_block_key({1, shared_stream, ~0ULL})));
  CHECK_FALSE(decode_block_key("short").has_value());
}
