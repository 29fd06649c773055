// The small machines inside the client: what is unsettled, what is unconfirmed, when to try again,
// and the two worlds of values.
#include <catch2/catch.hpp>

#include "client/ack_book.hpp"
#include "client/backoff.hpp"
#include "client/convert.hpp"
#include "client/unconfirmed.hpp"

using namespace tern;
using namespace tern::client;

namespace {

std::string shown(AckBook& book) {
  std::string text;
  for (const auto& ack : book.take_acks())
    text += (text.empty() ? "" : " ") + std::to_string(ack.tag) + (ack.multiple ? "*" : "");
  return text;
}

AckBook book_with(std::uint64_t deliveries) {
  AckBook book;
  for (std::uint64_t tag = 1; tag <= deliveries; ++tag) REQUIRE(book.delivered(tag));
  return book;
}

}  // namespace

TEST_CASE("acknowledgements without a gap leave as one") {
  AckBook book = book_with(5);
  for (const std::uint64_t tag : {3, 1, 2}) CHECK(book.ack(tag));
  CHECK(shown(book) == "3*");
  CHECK(book.unsettled() == 2);
}

TEST_CASE("what has a gap before it is acknowledged one by one") {
  AckBook book = book_with(5);
  for (const std::uint64_t tag : {1, 3, 5}) CHECK(book.ack(tag));
  CHECK(shown(book) == "1 3 5");
  CHECK(book.ack(2));
  CHECK(book.ack(4));
  CHECK(shown(book) == "4*");
  CHECK(book.unsettled() == 0);
}

TEST_CASE("nothing is settled twice") {
  AckBook book = book_with(3);
  CHECK(book.ack(2));
  CHECK_FALSE(book.ack(2));
  CHECK_FALSE(book.remove(2));
  CHECK(book.remove(1));
  CHECK_FALSE(book.ack(1));
  CHECK(shown(book) == "2");
  CHECK_FALSE(book.ack(2));
  CHECK_FALSE(book.ack(9));
  CHECK(book.ack_up_to(3));
  CHECK_FALSE(book.ack_up_to(3));
  CHECK(shown(book) == "3");
}

TEST_CASE("delivery tags come without gaps") {
  AckBook book = book_with(1);
  CHECK_FALSE(book.delivered(3));
  CHECK_FALSE(book.delivered(1));
}

TEST_CASE("a returned message is found among those that look alike") {
  Unconfirmed unconfirmed;
  const auto send = [&](Bytes key, Bytes properties, Bytes body) {
    return unconfirmed
        .add({.routing_key = key, .properties = properties, .body = body, .is_mandatory = true})
        .id;
  };
  send("a", "p", "x");
  const auto second = send("b", "p", "x");
  const auto third = send("b", "q", "x");
  const auto fourth = send("b", "q", "x");
  const Outgoing came{.routing_key = "b", .properties = "q", .body = "x"};
  REQUIRE(unconfirmed.find_returned(came) != nullptr);
  CHECK(unconfirmed.find_returned(came)->id == third);
  unconfirmed.find_returned(came)->returned = std::make_unique<Unsettled::Returned>();
  CHECK(unconfirmed.find_returned(came)->id == fourth);
  // A property that the broker has changed: the best there is.
  CHECK(unconfirmed.find_returned({.routing_key = "b", .properties = "z", .body = "x"})->id ==
        second);
  CHECK(unconfirmed.find_returned({.routing_key = "c", .properties = "p", .body = "x"}) == nullptr);
}

TEST_CASE("confirms settle each message once, whatever their order") {
  Unconfirmed unconfirmed;
  for (int i = 0; i < 5; ++i) unconfirmed.add({.body = "12345"});
  std::vector<std::uint64_t> settled;
  const auto note = [&](Unsettled& one) { settled.push_back(one.id); };
  CHECK(unconfirmed.confirm(3, false, note));
  CHECK(unconfirmed.confirm(2, true, note));
  CHECK(unconfirmed.confirm(3, false, note) == false);
  CHECK(unconfirmed.confirm(9, true, note) == false);
  CHECK(settled == std::vector<std::uint64_t>{3, 1, 2});
  CHECK(unconfirmed.count() == 2);
  CHECK(unconfirmed.body_bytes() == 10);
  CHECK(unconfirmed.confirm(0, true, note));
  CHECK(unconfirmed.empty());
}

TEST_CASE("a new channel counts from one, without those that are settled") {
  Unconfirmed unconfirmed;
  for (int i = 0; i < 4; ++i) unconfirmed.add({});
  const auto nothing = [](Unsettled&) {};
  CHECK(unconfirmed.confirm(2, false, nothing));
  unconfirmed.renumber();
  std::vector<std::uint64_t> settled;
  CHECK(unconfirmed.confirm(2, true, [&](Unsettled& one) { settled.push_back(one.id); }));
  CHECK(settled == std::vector<std::uint64_t>{1, 3});
  CHECK(unconfirmed.find(4) != nullptr);
  CHECK(unconfirmed.find(3) == nullptr);
}

TEST_CASE("records reuse their memory and survive in any order") {
  RecordStore store;
  std::vector<RecordStore::Place> places;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 40; ++i) {
      places.push_back(store.take(5000));
      std::fill_n(places.back().data, 5000, static_cast<char>(i));
    }
    for (std::size_t i = 0; i < places.size(); ++i)
      REQUIRE(places[i].data[4999] == static_cast<char>(i));
    for (std::size_t i = 0; i < places.size(); i += 2) store.release(places[i]);
    for (std::size_t i = 1; i < places.size(); i += 2) store.release(places[i]);
    places.clear();
  }
  const auto large = store.take(1'000'000);
  large.data[999'999] = 'x';
  store.release(large);
}

TEST_CASE("hosts take turns, and each round waits longer") {
  ternmq::recovery_options options;
  options.delay_min = std::chrono::milliseconds(100);
  options.delay_max = std::chrono::milliseconds(300);
  options.jitter = 0;
  options.rounds_max = 4;
  std::mt19937_64 random(1);
  Backoff backoff(options, 2);
  std::string tries;
  while (const auto attempt = backoff.next(random))
    tries += std::to_string(attempt->host) + ":" + std::to_string(attempt->delay) + " ";
  CHECK(tries == "1:0 0:0 1:100 0:0 1:200 0:0 1:300 0:0 ");
  backoff.succeeded();
  CHECK(backoff.next(random)->delay == 0);
}

TEST_CASE("jitter takes a part of the wait away") {
  ternmq::recovery_options options;
  options.delay_min = std::chrono::milliseconds(1000);
  options.jitter = 0.5;
  std::mt19937_64 random(7);
  std::set<Tick> seen;
  for (int i = 0; i < 20; ++i) {
    Backoff backoff(options, 1);
    const Tick delay = backoff.next(random)->delay;
    CHECK(delay >= 500);
    CHECK(delay <= 1000);
    seen.insert(delay);
  }
  CHECK(seen.size() > 10);
}

TEST_CASE("properties and tables go to the wire and come back") {
  ternmq::message_properties properties;
  properties.content_type = "text/plain";
  properties.headers = {{"int", 42},
                        {"text", "word"},
                        {"table", ternmq::table{{"flag", true}}},
                        {"array", ternmq::array{1.5, std::int64_t{1} << 40}},
                        {"bytes", ternmq::binary{"\x01\x02"}}};
  properties.persistent = false;
  properties.priority = 7;
  properties.expiration = std::chrono::milliseconds(1500);
  properties.message_id = "m-1";
  properties.timestamp = std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000));
  std::string encoded;
  append_properties(encoded, properties);
  CHECK(to_properties(encoded) == properties);

  encoded.clear();
  append_properties(encoded, ternmq::message_properties(), "made");
  CHECK(to_properties(encoded).message_id == "made");
  CHECK(to_properties("no properties at all") == ternmq::message_properties());
}

TEST_CASE("what the wire cannot carry is found before it is sent") {
  ternmq::message message("queue", "body");
  CHECK(is_encodable(message));
  message.properties.message_id = std::string(256, 'x');
  CHECK_FALSE(is_encodable(message));
  ternmq::table nested;
  for (int depth = 0; depth < 70; ++depth) nested = {{"deeper", nested}};
  CHECK_FALSE(is_encodable(nested));
  CHECK_FALSE(is_encodable(ternmq::table{{std::string(256, 'n'), 1}}));
}
