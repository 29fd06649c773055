// The books of a channel: confirms, unacknowledged deliveries, permits, and the output.
#include <catch2/catch.hpp>

#include "amqp/confirms.hpp"
#include "amqp/output.hpp"
#include "amqp/prefetch_limit.hpp"
#include "amqp/reply_address.hpp"
#include "amqp/unacked.hpp"
#include "unit/amqp/session_fixture.hpp"

using namespace tern;
using namespace tern::amqp;

TEST_CASE("confirms leave in order and merged") {
  ConfirmBook book;
  for (int i = 0; i < 5; ++i) book.add(i == 2 ? 2 : 1);
  book.settle(2, false);
  book.settle(3, false);
  CHECK(book.take().last == 0);  // 1 is missing
  book.settle(1, false);
  auto run = book.take();
  CHECK(run.last == 2);
  CHECK(run.multiple);
  book.settle(3, false);
  book.settle(4, true);
  book.settle(5, false);
  run = book.take();
  CHECK(run.last == 3);
  CHECK_FALSE(run.multiple);
  run = book.take();
  CHECK(run.last == 4);
  CHECK(run.refused);
  run = book.take();
  CHECK(run.last == 5);
  CHECK_FALSE(run.refused);
  CHECK(book.take().last == 0);
  CHECK(book.size() == 0);
  book.settle(5, false);  // done: ignored
  book.settle(9, false);  // unknown: ignored
}

TEST_CASE("a publish to no queue is done, but waits for those before it") {
  ConfirmBook book;
  book.add(1);
  book.add(0);
  CHECK_FALSE(book.has_done());
  book.settle(1, false);
  CHECK(book.take().last == 2);
}

TEST_CASE("a ring keeps its order while it wraps and grows") {
  Ring<int> ring;
  int next = 0;
  int expected = 0;
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < round % 40; ++i) ring.push_back(next++);
    for (int i = 0; i < round % 37 && !ring.empty(); ++i) {
      REQUIRE(ring.front() == expected++);
      ring.pop_front();
    }
  }
  while (!ring.empty()) {
    REQUIRE(ring.front() == expected++);
    ring.pop_front();
  }
  CHECK(expected == next);
}

namespace {

std::vector<std::uint64_t> tags(const std::vector<Unacked>& entries) {
  std::vector<std::uint64_t> all;
  for (const auto& entry : entries) all.push_back(entry.tag);
  return all;
}

Unacked entry(std::uint64_t tag) {
  Unacked made;
  made.tag = tag;
  made.position = tag * 10;
  return made;
}

}  // namespace

TEST_CASE("unacknowledged deliveries are found by tag") {
  UnackedBook book;
  for (const std::uint64_t tag : {1, 2, 4, 5, 9}) book.add(entry(tag));
  std::vector<Unacked> taken;
  CHECK_FALSE(book.take(3, taken));
  CHECK_FALSE(book.take(10, taken));
  REQUIRE(book.take(4, taken));
  CHECK_FALSE(book.take(4, taken));
  CHECK(taken.front().position == 40);
  CHECK(book.size() == 4);
  taken.clear();
  REQUIRE(book.take_through(5, taken));
  CHECK(tags(taken) == std::vector<std::uint64_t>{1, 2, 5});
  taken.clear();
  CHECK_FALSE(book.take_through(8, taken));    // never outstanding
  CHECK_FALSE(book.take_through(100, taken));  // not given yet
  CHECK(taken.empty());
  REQUIRE(book.take_through(9, taken));
  CHECK(tags(taken) == std::vector<std::uint64_t>{9});
  CHECK(book.take_through(0, taken));
  CHECK_FALSE(book.take_through(1, taken));
}

TEST_CASE("gaps behind a delivery that is never acknowledged are swept") {
  UnackedBook book;
  std::vector<Unacked> taken;
  for (std::uint64_t tag = 1; tag <= 10'000; ++tag) {
    book.add(entry(tag));
    if (tag > 1) REQUIRE(book.take(tag, taken));
  }
  CHECK(book.size() == 1);
  CHECK(book.gaps() < 100);
  taken.clear();
  REQUIRE(book.take_through(0, taken));
  CHECK(tags(taken) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a rolled-back transaction's deliveries are put back by tag") {
  UnackedBook book;
  for (const std::uint64_t tag : {2, 4}) book.add(entry(tag));
  book.put_back({entry(5), entry(1), entry(3)});
  std::vector<Unacked> taken;
  REQUIRE(book.take_through(0, taken));
  CHECK(tags(taken) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
}

TEST_CASE("permits never exceed the limit and go round") {
  PrefetchLimit limit;
  limit.set(3);
  limit.ask(1, 10);
  limit.ask(2, 10);
  auto grant = limit.next_grant();
  REQUIRE(grant);
  CHECK(grant->consumer == 1);
  CHECK(grant->count == 1);
  grant = limit.next_grant();
  REQUIRE(grant);
  CHECK(grant->consumer == 2);
  CHECK(grant->count == 2);
  limit.ask(1, 5);
  CHECK_FALSE(limit.next_grant());
  limit.delivered(2);
  CHECK_FALSE(limit.next_grant());  // a permit became a message
  limit.settled(1);
  grant = limit.next_grant();
  REQUIRE(grant);
  CHECK(grant->consumer == 1);
  CHECK(grant->count == 1);
  limit.ask(2, 4);
  limit.forget(1);  // frees its two
  grant = limit.next_grant();
  REQUIRE(grant);
  CHECK(grant->consumer == 2);
  CHECK(grant->count == 2);
  limit.give_back(2, 1);
  limit.ask(2, 1);
  CHECK(limit.next_grant());
}

TEST_CASE("output keeps order over chunks, slices and partial writes") {
  std::string expected;
  std::string got;
  Output output;
  std::uint32_t seed = 7;
  const auto random = [&](std::uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
  };
  for (int round = 0; round < 3000; ++round) {
    const std::string bytes(1 + random(round % 7 == 0 ? 50'000 : 300), 'a' + round % 26);
    expected += bytes;
    if (random(3) == 0) {
      const auto message = testing::Client::make_message(bytes);
      output.append_slice(message->body(), message);
    } else {
      output.append(bytes);
    }
    if (random(4) != 0) continue;
    OutputSlice slices[4];
    const std::size_t count = output.gather(slices);
    std::size_t shown = 0;
    for (std::size_t i = 0; i < count; ++i) {
      got.append(slices[i].data, slices[i].size);
      shown += slices[i].size;
    }
    const std::size_t written = random(static_cast<std::uint32_t>(shown) + 1);
    got.resize(got.size() - (shown - written));
    output.sent(written);
    REQUIRE(output.pending_bytes() == expected.size() - got.size());
  }
  while (output.pending_bytes() > 0) {
    OutputSlice slice[1];
    REQUIRE(output.gather(slice) == 1);
    got.append(slice[0].data, slice[0].size);
    output.sent(slice[0].size);
  }
  CHECK((got == expected));
}

TEST_CASE("a reply address survives its encoding, and nothing else decodes") {
  const broker::ReplyAddress address{{ShardId{3}, 77}, 9, 0xFEDCBA9876543210ULL};
  const std::string name = encode_reply_address(address);
  const auto decoded = decode_reply_address(name);
  REQUIRE(decoded);
  CHECK(decoded->session == address.session);
  CHECK(decoded->consumer == 9);
  CHECK(decoded->key == address.key);
  CHECK_FALSE(decode_reply_address("amq.rabbitmq.reply-to."));
  CHECK_FALSE(decode_reply_address(name.substr(0, name.size() - 1)));
  CHECK_FALSE(decode_reply_address(name + "AA"));
  CHECK_FALSE(decode_reply_address("amq.rabbitmq.reply-to.!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"));
  CHECK(random_name("amq.ctag-", 1, 2).size() == 9 + 22);
}
