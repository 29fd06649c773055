// The books of a run: sequence numbers, who sends where, unconfirmed messages, intended times.
#include "perf/streams.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "perf/confirm_window.hpp"
#include "perf/message_template.hpp"
#include "perf/pace.hpp"

using namespace tern::perf;

namespace {

Options shape(unsigned producers, unsigned consumers, unsigned queues,
              const char* exchange = "default") {
  Options options;
  options.producers = producers;
  options.consumers = consumers;
  options.queues = queues;
  options.exchange = exchange;
  return options;
}

}  // namespace

TEST_CASE("a sequence set tells what is new, in every piece and at every edge") {
  SequenceSet set;
  for (const std::uint64_t base : {0U, 4096U, 12288U, 28672U, 1000000U}) {
    for (std::uint64_t number = base > 2 ? base - 2 : 0; number < base + 70; ++number) {
      INFO(number);
      CHECK(set.insert(number, false));
    }
    CHECK_FALSE(set.insert(base + 3, false));
    CHECK_FALSE(set.insert(base + 69, true));
  }
}

TEST_CASE("threads that share a sequence set count each number once") {
  SequenceSet set;
  std::atomic<unsigned> added{0};
  const auto insert_all = [&] {
    for (std::uint64_t number = 0; number < 50000; ++number) added += set.insert(number, true);
  };
  std::thread other(insert_all);
  insert_all();
  other.join();
  CHECK(added == 50000);
}

TEST_CASE("each message has one stream, and only where its producer sends") {
  for (const auto& [producers, queues] : {std::pair{1U, 1U}, {7U, 3U}, {3U, 7U}, {4U, 4U}}) {
    const Streams streams(shape(producers, 1, queues));
    CHECK(streams.size() == std::max(producers, queues));
    std::vector<bool> used(streams.size());
    for (unsigned producer = 0; producer < producers; ++producer) {
      const auto mine = streams.queues_of_producer(producer);
      for (unsigned queue = 0; queue < queues; ++queue) {
        const bool sends = std::find(mine.begin(), mine.end(), queue) != mine.end();
        const auto index = streams.find(queue, producer);
        REQUIRE(index.has_value() == sends);
        if (!sends) continue;
        CHECK_FALSE(used[*index]);
        used[*index] = true;
        CHECK(streams.streams_of(queue, producer) == std::vector{*index});
      }
    }
    CHECK(std::count(used.begin(), used.end(), false) == 0);
    CHECK_FALSE(streams.find(queues, 0));
    CHECK_FALSE(streams.find(0, producers));
  }
}

TEST_CASE("behind a fanout exchange every queue has a stream of every producer") {
  const Streams streams(shape(2, 3, 3, "fanout"));
  CHECK(streams.size() == 6);
  CHECK(streams.copies() == 3);
  CHECK(streams.queues_of_producer(1) == std::vector{0U});
  CHECK(streams.streams_of(0, 1) == std::vector<std::size_t>{1, 3, 5});
}

TEST_CASE("consumers share queues, or have several") {
  CHECK(Streams(shape(1, 5, 2)).queues_of_consumer(4) == std::vector{0U});
  CHECK(Streams(shape(1, 5, 2)).are_shared());
  CHECK(Streams(shape(1, 2, 5)).queues_of_consumer(1) == std::vector{1U, 3U});
  CHECK_FALSE(Streams(shape(1, 2, 5)).are_shared());
}

TEST_CASE("what was sent and has not come is lost") {
  Streams streams(shape(2, 1, 2));
  streams[0].sent = 10;
  streams[0].unique = 7;
  streams[1].sent = 5;
  streams[1].unique = 5;
  streams[1].duplicated = 2;
  CHECK(streams.sum().expected == 15);
  CHECK(streams.sum().lost == 3);
  CHECK(streams.sum().duplicated == 2);
}

TEST_CASE("a confirm window holds its size, and settles in any order") {
  ConfirmWindow window(3);
  std::vector<Nanos> settled;
  const auto note = [&](Nanos sent_at) { settled.push_back(sent_at); };
  for (Nanos at = 101; window.has_room(); ++at) window.published(at);
  CHECK(window.outstanding() == 3);
  CHECK(window.settle(2, false, note) == 1);
  CHECK(window.settle(2, false, note) == 0);
  CHECK(window.settle(4, true, note) == 0);
  window.published(104);
  CHECK(window.settle(4, true, note) == 3);
  CHECK(settled == std::vector<Nanos>{102, 101, 103, 104});
  CHECK(window.outstanding() == 0);
  CHECK(window.settle(0, false, note) == 0);
  window.published(105);
  CHECK(window.settle(0, true, note) == 1);  // Tag 0 with multiple: all of them.
}

TEST_CASE("a confirm window survives many messages behind one that stays open") {
  ConfirmWindow window(10);
  const auto ignore = [](Nanos) {};
  window.published(1);
  std::uint64_t tag = 2;
  for (; window.has_room(); ++tag) {
    window.published(tag);
    CHECK(window.settle(tag, false, ignore) == 1);
  }
  CHECK(tag > 40);
  CHECK(window.outstanding() == 1);
  CHECK(window.settle(1, false, ignore) == 1);
  CHECK(window.has_room());
}

TEST_CASE("without confirms there is always room") {
  const ConfirmWindow window(0);
  CHECK(window.has_room());
  CHECK_FALSE(window.is_used());
}

TEST_CASE("open-loop producers share a rate evenly") {
  const Pace first({1000, 2, 0}, 5000000), second({1000, 2, 1}, 5000000);
  CHECK(first.intended(0) == 5000000);
  CHECK(first.intended(3) == 11000000);
  CHECK(second.intended(0) == 6000000);
  CHECK(first.due(4999999) == 1);  // Before the start: only that which is due then.
  CHECK(first.due(6999999) == 1);
  CHECK(first.due(7000000) == 2);
  CHECK(second.due(5999999) == 0);
  CHECK(second.due(1005999999) == 500);
  CHECK(Pace({0, 1, 0}, 0).due(0) == UINT64_MAX);
}

TEST_CASE("a message template carries stamp and time where bodies have room") {
  Options options;
  for (const std::uint32_t size : {0U, 7U, 8U, 15U, 16U, 300U}) {
    options.size = size;
    const MessageTemplate message(options, 0, 4096);
    std::string encoded(message.bytes(), '\0');
    char* end = message.write(encoded.data(), {3, 77}, 0x1122334455667788U);
    CHECK(end == encoded.data() + encoded.size());
    const char* body = encoded.data() + encoded.size() - 1 - size;
    if (size == 0) continue;
    if (size >= 8) {
      CHECK(Stamp::load(body).producer == 3);
      CHECK(Stamp::load(body).number == 77);
    } else {
      CHECK(encoded == message.encoded());
    }
    if (size >= 16) {
      CHECK(tern::load_big_endian<std::uint64_t>(body + 8) == 0x1122334455667788U);
    } else if (size > 8) {
      CHECK(std::string_view(body + 8, size - 8) ==
            message.encoded().substr(message.bytes() - 1 - size + 8, size - 8));
    }
  }
}

TEST_CASE("a message template numbers its groups") {
  Options options;
  options.groups = 1000;
  const MessageTemplate message(options, 0, 4096);
  std::string encoded(message.bytes(), '\0');
  for (const auto& [number, group] : {std::pair{7, "00000007"}, {123'456, "00000456"}}) {
    message.write(encoded.data(), {0, static_cast<std::uint64_t>(number)}, 0);
    // Its name, that it is a text, and of which length, stand before.
    CHECK(encoded.find(std::string("\5groupS\0\0\0\10", 11) + group) != std::string::npos);
  }
}

TEST_CASE("a body larger than a frame is cut into several") {
  Options options;
  options.size = 10000;
  const MessageTemplate small(options, 0, 4096), large(options, 0, 131072);
  CHECK(small.bytes() == large.bytes() + 2 * 8);
}
