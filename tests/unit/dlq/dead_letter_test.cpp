// Dead letters: headers to the byte as RabbitMQ 3.10 sends them, but for x-last-death-*, which 3.13
// adds, and for the order of three and more entries, which 3.10 muddles.
#include <catch2/catch.hpp>

#include "unit/dlq/dlq_builders.hpp"

using namespace tern;
using namespace tern::dlq;
using namespace tern::dlq::test;
using queue::LeaveReason;

namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at < hex.size(); at += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16)));
  return bytes;
}

// The whole header as it was seen on the wire: a message published to the default exchange by
// "plain-a", rejected there and in "plain-b", and in "plain-a" again, at second 0x6b045c83.
constexpr std::string_view entry_of_first_death =
    "460000006f05636f756e746c000000000000000106726561736f6e530000000872656a656374656405717565756553"
    "00000007706c61696e2d610474696d6554000000006b045c830865786368616e676553000000000c726f7574696e67"
    "2d6b657973410000000c5300000007706c61696e2d61";
constexpr std::string_view entry_of_second_death =
    "460000006f05636f756e746c00000000000000010865786368616e676553000000000571756575655300000007706c"
    "61696e2d6206726561736f6e530000000872656a65637465640c726f7574696e672d6b657973410000000c53000000"
    "07706c61696e2d620474696d6554000000006b045c83";
constexpr std::string_view entry_of_third_death =
    "460000006f05636f756e746c00000000000000020865786368616e676553000000000571756575655300000007706c"
    "61696e2d6106726561736f6e530000000872656a65637465640c726f7574696e672d6b657973410000000c53000000"
    "07706c61696e2d610474696d6554000000006b045c83";
constexpr std::string_view expired_entry =
    "460000007f05636f756e746c000000000000000106726561736f6e5300000007657870697265640571756575655300"
    "00000265780474696d6554000000006b045c840865786368616e676553000000000c726f7574696e672d6b65797341"
    "0000000753000000026578136f726967696e616c2d65787069726174696f6e53000000023530";

constexpr std::int64_t second = 0x6b045c83;

std::string deaths_in(const Message& message) {
  const auto view = PropertiesView::decode(message.properties()).value();
  const auto field = TableView(view.headers()).find("x-death");
  REQUIRE(field.has_value());
  CHECK(field->tag == 'A');
  return std::string(field->content);
}

std::string text_header(const Message& message, std::string_view name) {
  const FieldTable headers = headers_of(message);
  const FieldValue* const value = headers.find(name);
  return value != nullptr && value->as<std::string>() != nullptr ? *value->as<std::string>()
                                                                 : "<none>";
}

}  // namespace

TEST_CASE("the first death, another and one more of the first kind are written as on the wire") {
  const MessageRef sent = make({.routing_key = "plain-a"});
  const Republish first =
      die(*sent, LeaveReason::rejected, "plain-a", at_second(second), "plain-b");
  CHECK(deaths_in(*first.message) == from_hex(entry_of_first_death));
  CHECK(first.message->routing_key() == "plain-b");
  CHECK(first.routing_keys == std::vector<std::string>{"plain-b"});

  const Republish next =
      die(*first.message, LeaveReason::rejected, "plain-b", at_second(second), "plain-a");
  CHECK(deaths_in(*next.message) ==
        from_hex(entry_of_second_death) + from_hex(entry_of_first_death));

  // A later death of a known kind keeps the time of the first.
  const Republish again =
      die(*next.message, LeaveReason::rejected, "plain-a", at_second(second + 9), "plain-b");
  CHECK(deaths_in(*again.message) ==
        from_hex(entry_of_third_death) + from_hex(entry_of_second_death));
}

TEST_CASE("hidden keys stay with the original keys, and go with a routing key of its own") {
  const MessageRef sent = make({.hidden_keys = "values of an array"});
  CHECK(die(*sent, LeaveReason::expired, "a", at_second(5)).message->hidden_keys() ==
        "values of an array");
  CHECK(die(*sent, LeaveReason::expired, "a", at_second(5), "b").message->hidden_keys().empty());
}

TEST_CASE("first-death headers stay, last-death headers follow") {
  const MessageRef sent = make({.exchange = "orders", .routing_key = "k"});
  const Republish first = die(*sent, LeaveReason::expired, "a", at_second(5), "b");
  CHECK(header_names(*first.message) ==
        std::vector<std::string>{"x-death", "x-first-death-exchange", "x-first-death-queue",
                                 "x-first-death-reason", "x-last-death-exchange",
                                 "x-last-death-queue", "x-last-death-reason"});
  CHECK(text_header(*first.message, "x-first-death-exchange") == "orders");
  CHECK(text_header(*first.message, "x-first-death-queue") == "a");
  CHECK(text_header(*first.message, "x-first-death-reason") == "expired");

  const Republish second_death =
      die(*first.message, LeaveReason::delivery_limit, "b", at_second(6));
  CHECK(text_header(*second_death.message, "x-first-death-exchange") == "orders");
  CHECK(text_header(*second_death.message, "x-first-death-queue") == "a");
  CHECK(text_header(*second_death.message, "x-first-death-reason") == "expired");
  CHECK(text_header(*second_death.message, "x-last-death-exchange").empty());
  CHECK(text_header(*second_death.message, "x-last-death-queue") == "b");
  CHECK(text_header(*second_death.message, "x-last-death-reason") == "delivery_limit");
}

TEST_CASE("every reason is named as in RabbitMQ, and makes an entry of its own") {
  CHECK(reason_name(LeaveReason::rejected) == "rejected");
  CHECK(reason_name(LeaveReason::expired) == "expired");
  CHECK(reason_name(LeaveReason::maxlen) == "maxlen");
  CHECK(reason_name(LeaveReason::delivery_limit) == "delivery_limit");
  CHECK(reason_name(LeaveReason::released).empty());
  CHECK(reason_name(LeaveReason::redriven).empty());

  MessageRef message = make({});
  message = die(*message, LeaveReason::rejected, "q", at_second(1)).message;
  message = die(*message, LeaveReason::maxlen, "q", at_second(2)).message;
  message = die(*message, LeaveReason::expired, "q", at_second(3)).message;
  message = die(*message, LeaveReason::rejected, "q", at_second(4)).message;
  const auto deaths = tables_in(*message, "x-death");
  REQUIRE(deaths.size() == 3);
  CHECK(*deaths[0].find("reason") == FieldValue("rejected"));
  CHECK(*deaths[0].find("count") == FieldValue(std::int64_t{2}));
  CHECK(*deaths[0].find("time") == FieldValue(FieldTimestamp{1}));
  CHECK(*deaths[1].find("reason") == FieldValue("expired"));
  CHECK(*deaths[2].find("reason") == FieldValue("maxlen"));
}

TEST_CASE("an expiration goes into the entry and off the message") {
  Made made{.routing_key = "ex"};
  made.properties.expiration = "50";
  const MessageRef sent = make(made);
  REQUIRE(sent->has_ttl());
  const Time now = at_second(0x6b045c84);
  const Republish dead = die(*sent, LeaveReason::expired, "ex", now);
  CHECK(deaths_in(*dead.message) == from_hex(expired_entry));
  CHECK_FALSE(properties_of(*dead.message).expiration.has_value());
  CHECK_FALSE(dead.message->has_ttl());
  CHECK(dead.message->received() == now);
  // Also if it died of something else.
  const Republish other = die(*sent, LeaveReason::rejected, "ex", now);
  CHECK(*tables_in(*other.message, "x-death")[0].find("original-expiration") == FieldValue("50"));
}

TEST_CASE("what is not about death stays as it was") {
  Made made{
      .exchange = "x", .routing_key = "k", .body = std::string(100'000, 'b'), .is_timed = true};
  Properties& before = made.properties;
  before.content_type = "text/plain";
  before.headers = FieldTable{{"zz", 1}, {"b", "x"}, {"B", 2}, {"x-f", true}};
  before.delivery_mode = std::uint8_t{2};
  before.priority = std::uint8_t{3};
  before.correlation_id = "c";
  before.message_id = "m";
  before.timestamp = std::uint64_t{77};
  before.app_id = "app";
  const MessageRef sent = make(made);
  Source source{};
  source.queue = "q";
  source.exchange = "dlx";
  const Republish dead = dead_letter(*sent, LeaveReason::rejected, source, at_second(3));
  CHECK(dead.message->exchange() == "dlx");
  CHECK(dead.message->routing_key() == "k");
  CHECK(dead.message->body() == made.body);
  CHECK(dead.message->is_persistent());
  CHECK(dead.message->priority() == 3);
  CHECK_FALSE(dead.message->is_timed());
  Properties after = properties_of(*dead.message);
  CHECK(header_names(*dead.message) ==
        std::vector<std::string>{"B", "b", "x-death", "x-f", "x-first-death-exchange",
                                 "x-first-death-queue", "x-first-death-reason",
                                 "x-last-death-exchange", "x-last-death-queue",
                                 "x-last-death-reason", "zz"});
  CHECK(*after.headers->find("zz") == FieldValue(1));
  after.headers = before.headers;
  CHECK(after == before);
}

TEST_CASE("CC keys route a dead letter, unless the queue gives it a key") {
  const MessageRef sent = make_with({{"CC", texts({"c1", "c2"})}, {"x-delivery-count", 4}}, "k");
  const Republish kept = die(*sent, LeaveReason::rejected, "q", at_second(1));
  CHECK(kept.routing_keys == std::vector<std::string>{"k", "c1", "c2"});
  CHECK(headers_of(*kept.message).find("CC") != nullptr);
  CHECK(headers_of(*kept.message).find("x-delivery-count") == nullptr);
  CHECK(*tables_in(*kept.message, "x-death")[0].find("routing-keys") == texts({"k", "c1", "c2"}));

  const Republish given = die(*sent, LeaveReason::rejected, "q", at_second(1), "");
  CHECK(given.routing_keys == std::vector<std::string>{""});
  CHECK(given.message->routing_key().empty());
  CHECK(headers_of(*given.message).find("CC") == nullptr);
  CHECK(*tables_in(*given.message, "x-death")[0].find("routing-keys") == texts({"k", "c1", "c2"}));
}

TEST_CASE("CC that is no list of texts gives no keys") {
  const FieldArray mixed{{FieldValue(1), FieldValue("c")}};
  const MessageRef some = make_with({{"CC", mixed}}, "k");
  CHECK(die(*some, LeaveReason::rejected, "q", at_second(1)).routing_keys ==
        std::vector<std::string>{"k", "c"});
  const MessageRef none = make_with({{"CC", text_like(mixed)}}, "k");
  CHECK(die(*none, LeaveReason::rejected, "q", at_second(1)).routing_keys ==
        std::vector<std::string>{"k"});
}
