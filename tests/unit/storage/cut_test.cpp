// Which waiting batches make a commit: budget, fairness, whole transactions.
#include "storage/inbox.hpp"
#include "storage/transaction_cut.hpp"
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

using Parts = std::vector<TransactionPart>;
using Prefixes = std::vector<std::size_t>;
const Parts none;

}  // namespace

TEST_CASE("without transactions the budget is spread over the shards") {
  const std::vector<WaitingBatch> line(10, WaitingBatch{.bytes = 100, .transactions = &none});
  CHECK(choose_prefixes({line, line}, 400, 0) == Prefixes{2, 2});
  CHECK(choose_prefixes({line, line}, 1, 1) == Prefixes{0, 1});
  CHECK(choose_prefixes({line, {}}, 100'000, 0) == Prefixes{10, 0});
}

TEST_CASE("an incomplete transaction holds back itself and what is behind") {
  const Parts part = {{.id = 1, .parts = 2}};
  const WaitingBatch plain{.bytes = 10};
  const WaitingBatch torn{.bytes = 10, .transactions = &part};
  CHECK(choose_prefixes({{plain, torn, plain}, {plain, plain}}, 1000, 0) == Prefixes{1, 2});
  CHECK(choose_prefixes({{torn}, {}}, 1000, 0) == Prefixes{0, 0});
  CHECK(choose_prefixes({{torn}, {plain, torn}}, 1000, 0) == Prefixes{1, 2});
}

TEST_CASE("holding back one transaction can make another incomplete") {
  const Parts a = {{.id = 1, .parts = 2}};
  const Parts b = {{.id = 2, .parts = 2}};
  const WaitingBatch with_a{.bytes = 1, .transactions = &a};
  const WaitingBatch with_b{.bytes = 1, .transactions = &b};
  // Shard 0 has a's only part in front of b's first; so b must wait in shard 1 as well.
  CHECK(choose_prefixes({{with_a, with_b}, {with_b}}, 1000, 0) == Prefixes{0, 0});
  CHECK(choose_prefixes({{with_b, with_a}, {with_b}}, 1000, 0) == Prefixes{1, 1});
}

TEST_CASE("a transaction goes over the budget rather than be torn") {
  const Parts part = {{.id = 5, .parts = 2}};
  const WaitingBatch large{.bytes = 1000};
  const WaitingBatch with_part{.bytes = 1000, .transactions = &part};
  CHECK(choose_prefixes({{with_part, large}, {large, large, with_part, large}}, 1, 0) ==
        Prefixes{1, 3});
}

TEST_CASE("records are cut at once, queues dropped after the batches submitted before") {
  Inbox inbox(std::chrono::milliseconds(0));
  const auto batch = [](std::uint16_t shard) {
    auto result = std::make_shared<Batch>();
    result->shard = static_cast<ShardId>(shard);
    Append append;
    append.message = test::make_message(std::string(1000, 'x'));
    result->appends.push_back(std::move(append));
    return result;
  };
  inbox.submit(batch(0));
  inbox.submit(batch(0));
  inbox.submit_records({{"a", "1"}}, {QueueId{7}}, {});
  inbox.submit(batch(0));
  CHECK(inbox.pending_bytes() > 3000);
  Cut cut = inbox.cut(1);
  CHECK(cut.batches.size() == 1);
  REQUIRE(cut.records.size() == 1);
  CHECK(cut.records[0].records.size() == 1);
  CHECK(cut.records[0].dropped.empty());
  cut = inbox.cut(1);
  CHECK(cut.batches.size() == 1);
  REQUIRE(cut.records.size() == 1);
  CHECK(cut.records[0].records.empty());
  CHECK(cut.records[0].dropped == std::vector{QueueId{7}});
  cut = inbox.cut(1);
  CHECK(cut.batches.size() == 1);
  CHECK(inbox.cut(1).empty());
}

TEST_CASE("no message is cut before the record of its queue, whatever waits elsewhere") {
  Inbox inbox(std::chrono::milliseconds(0));
  auto torn = std::make_shared<Batch>();
  torn->transactions.push_back({.id = 1, .parts = 2});
  inbox.submit(torn);
  inbox.submit_records({{"queue", "1"}}, {}, {});
  auto later = std::make_shared<Batch>();
  later->shard = ShardId{1};
  Append append;
  append.message = test::make_message("to the queue");
  later->appends.push_back(std::move(append));
  inbox.submit(later);
  const Cut cut = inbox.cut(1 << 20);
  CHECK(cut.batches.size() == 1);
  CHECK(cut.records.size() == 1);
}
