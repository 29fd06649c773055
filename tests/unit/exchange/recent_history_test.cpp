// RecentHistory: what is remembered, for how long, and at what cost of memory.
#include "exchange/recent_history.hpp"

#include <catch2/catch.hpp>

#include "unit/exchange/exchange_builders.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

namespace {

MessageRef make(std::string_view body, const FieldTable& headers = {}) {
  Properties properties;
  if (!headers.empty()) properties.headers = headers;
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = Bytes("\0\0", 2), .properties = encoded, .body = body});
}

std::vector<std::string> bodies(const RecentHistory& history) {
  std::vector<std::string> all;
  for (const MessageRef& message : history.messages()) all.emplace_back(message->body());
  return all;
}

}  // namespace

TEST_CASE("the last messages are remembered, oldest first") {
  RecentHistory history({.count_max = 3});
  CHECK(history.messages().empty());
  for (const char* body : {"1", "2", "3", "4", "5"}) history.remember(make(body));
  CHECK(bodies(history) == std::vector<std::string>{"3", "4", "5"});
  std::size_t bytes = 0;
  for (const MessageRef& message : history.messages()) bytes += message->bytes();
  CHECK(history.bytes() == bytes);
}

TEST_CASE("a message may ask not to be stored, by true only") {
  const std::string name = "x-recent-history-no-store";
  RecentHistory history({});
  history.remember(make("true", {{name, true}}));
  history.remember(make("false", {{name, false}}));
  history.remember(make("one", {{name, 1}}));
  history.remember(make("text", {{name, "true"}}));
  history.remember(make("other", {{"x", true}}));
  CHECK(bodies(history) == std::vector<std::string>{"false", "one", "text", "other"});
}

TEST_CASE("the length comes from the exchange's arguments, else it is twenty") {
  CHECK(RecentHistory::limits_of({}).count_max == 20);
  CHECK(RecentHistory::limits_of({{"x-recent-history-length", 5}}).count_max == 5);
  CHECK(RecentHistory::limits_of({{"x-recent-history-length", "5"}}).count_max == 20);
  CHECK(RecentHistory::limits_of({{"x-recent-history-length", -5}}).count_max == 20);
  RecentHistory history(RecentHistory::limits_of({}));
  for (int i = 0; i < 25; ++i) history.remember(make(std::to_string(i)));
  CHECK(history.messages().size() == 20);
}

TEST_CASE("memory is bounded whatever the length") {
  const std::string body(1000, 'b');
  const std::size_t each = make(body)->bytes();
  RecentHistory history({.count_max = 1'000'000, .bytes_max = 3 * each});
  for (int i = 0; i < 10; ++i) history.remember(make(body));
  CHECK(history.messages().size() == 3);
  CHECK(history.bytes() == 3 * each);
  // One that is larger than all of it is not kept, and neither is what came before.
  history.remember(make(std::string(10'000, 'x')));
  CHECK(history.messages().empty());
  CHECK(history.bytes() == 0);
}

TEST_CASE("a remembered message does not keep a slab that it shares") {
  SlabLease lease(Slab::create(Slab::standard_bytes));
  MessageParts parts{.names = Bytes("\0\0", 2), .properties = no_properties, .body = "small"};
  const MessageRef in_slab = MessageRef::in_place(lease, parts);
  REQUIRE(in_slab.get() != nullptr);
  REQUIRE(in_slab->shares_slab());
  RecentHistory history({});
  history.remember(in_slab);
  CHECK(history.messages()[0].get() != in_slab.get());
  CHECK_FALSE(history.messages()[0]->shares_slab());
  const MessageRef alone = make("alone");
  history.remember(alone);
  CHECK(history.messages()[1].get() == alone.get());
}
