// What a shard hands to the store: stage numbers, withdrawing, who is told.
#include "broker/staging.hpp"

#include <catch2/catch.hpp>

#include "support/test_client.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;

namespace {

constexpr QueueId home{7};

PublisherToken token(std::uint64_t sequence) {
  return {{ShardId{0}, 1}, 1, sequence};
}

std::uint64_t append(Staging& staging, std::uint64_t sequence) {
  return staging.append(home, sequence, make_message({"", "q", "body"}), false, token(sequence),
                        {});
}

std::string told(Staging& staging, std::uint64_t last_stage) {
  std::string text;
  staging.committed(last_stage, [&](const StageToken& one) {
    text += (text.empty() ? "" : " ") + std::to_string(one.publisher.sequence);
    if (one.is_barrier) text += "|";
  });
  return text;
}

}  // namespace

TEST_CASE("stages count on over batches, and each publisher is told once") {
  Staging staging(ShardId{3});
  CHECK_FALSE(staging.has_work());
  CHECK(staging.take() == nullptr);
  CHECK(append(staging, 10) == 1);
  CHECK(append(staging, 11) == 2);
  CHECK(staging.staged_bytes() > 0);
  const auto first = staging.take();
  REQUIRE(first);
  CHECK(staging.staged_bytes() == 0);
  CHECK(raw(first->shard) == 3);
  CHECK(first->first_stage == 1);
  CHECK(first->last_stage == 2);
  CHECK(append(staging, 12) == 3);
  const auto second = staging.take();
  CHECK(second->first_stage == 3);
  CHECK(told(staging, 2) == "10 11");
  CHECK(told(staging, 2).empty());
  CHECK(told(staging, 3) == "12");
}

TEST_CASE("a message can be withdrawn until the store has taken it") {
  Staging staging(ShardId{0});
  append(staging, 10);
  append(staging, 11);
  const auto first = staging.take();
  append(staging, 12);
  const auto second = staging.take();
  append(staging, 13);
  first->appends[1].state = storage::Append::taken;
  CHECK_FALSE(staging.withdraw(2).has_value());
  REQUIRE(staging.withdraw(1).has_value());
  CHECK(first->appends[0].state == storage::Append::withdrawn);
  CHECK_FALSE(staging.withdraw(1).has_value());
  CHECK(staging.withdraw(3)->sequence == 12);
  CHECK(staging.withdraw(4)->sequence == 13);
  static_cast<void>(staging.take());
  CHECK(told(staging, 4) == "11");
}

TEST_CASE("a barrier is told in its order and carries the transaction's part") {
  Staging staging(ShardId{0});
  append(staging, 10);
  staging.add_barrier({77, 2}, token(5));
  CHECK(append(staging, 11) == 3);
  const auto batch = staging.take();
  REQUIRE(batch->transactions.size() == 1);
  CHECK(batch->transactions[0].id == 77);
  CHECK(batch->transactions[0].parts == 2);
  CHECK(batch->appends[1].state == storage::Append::withdrawn);
  CHECK(told(staging, batch->last_stage) == "10 5| 11");
}

TEST_CASE("ranges that follow each other are settled as one") {
  Staging staging(ShardId{0});
  staging.settle(home, {1, 2, 1, 10, 10, false});
  staging.settle(home, {2, 4, 2, 20, 20, false});
  staging.settle(home, {4, 5, 1, 10, 10, true});
  staging.settle(home, {6, 7, 1, 10, 10, true});
  staging.settle(QueueId{8}, {7, 8, 1, 10, 10, true});
  CHECK(staging.has_work());
  const auto batch = staging.take();
  REQUIRE(batch->settled.size() == 4);
  CHECK(batch->settled[0].first == 1);
  CHECK(batch->settled[0].last == 4);
  CHECK(batch->settled[0].count == 3);
  CHECK(batch->settled[0].bytes == 30);
  CHECK(batch->settled[0].body_bytes == 30);
  CHECK(batch->last_stage == 0);
}

TEST_CASE("marks alone are no work, but leave with what is") {
  Staging staging(ShardId{0});
  staging.set_mark({home, 3, 5});
  CHECK_FALSE(staging.has_work());
  CHECK(staging.has_marks());
  append(staging, 1);
  CHECK(staging.take()->marks.size() == 1);
}
