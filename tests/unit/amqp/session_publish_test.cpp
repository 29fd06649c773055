// Publishing through a session: messages, confirms, returns, transactions, split input.
#include <catch2/catch.hpp>

#include "unit/amqp/session_fixture.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace tern::amqp::testing;

namespace {

const std::string returned = "1 basic.return 312 'NO_ROUTE' '' 'nowhere'";

void settle(Client& client, std::uint64_t sequence, bool refused = false) {
  client.connection->publish_settled(
      1, sequence, refused ? queue::PublishOutcome::refused : queue::PublishOutcome::accepted);
}

}  // namespace

TEST_CASE("a publish becomes a message") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  bool in_slab = false;
  SECTION("copied") {}
  SECTION("in the slab") {
    in_slab = true;
    client.lease = SlabLease(Slab::create());
  }
  const std::string input = publish_bytes(1, {.routing_key = "q"}, "hello");
  if (in_slab) {
    char* const at = client.lease->free_begin();
    std::memcpy(at, input.data(), input.size());
    client.lease->advance(input.size());
    CHECK(client.connection->feed(client.lease, at, input.size(), client.now) == input.size());
    REQUIRE(client.broker.published.size() == 1);
    const Bytes body = client.broker.published[0]->body();
    CHECK(body.data() > at);
    CHECK(body.data() < at + input.size());
  } else {
    client.feed(input);
  }
  REQUIRE(client.broker.published.size() == 1);
  const auto& message = *client.broker.published[0];
  CHECK(message.body() == "hello");
  CHECK(message.exchange().empty());
  CHECK(message.routing_key() == "q");
  CHECK(message.names() == Bytes("\0\1q", 3));
  CHECK(client.broker.tokens[0].sequence == 0);
  CHECK(client.take().empty());
}

TEST_CASE("bodies in many frames and empty ones") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  const std::string large(10'000, 'x');
  client.publish(1, {.routing_key = "q"}, large);
  client.publish(1, {.routing_key = "q"}, "");
  REQUIRE(client.broker.published.size() == 2);
  CHECK((client.broker.published[0]->body() == large));
  CHECK(client.broker.published[1]->body().empty());
}

TEST_CASE("contents of two channels may interleave") {
  Client client;
  client.open_channel();
  client.send(2, ChannelOpen{});
  const std::string name(200, 'n');
  client.broker.add_queue(name);
  const std::string one = publish_bytes(1, {.routing_key = name}, "one");
  const std::string two = publish_bytes(2, {.routing_key = name}, "two");
  const std::size_t cut = method_bytes_of(1, BasicPublish{.routing_key = name}).size();
  // Both methods in one read, and others in the same place before the rest comes.
  client.feed(one.substr(0, cut) + two.substr(0, cut));
  std::string heartbeats;
  while (heartbeats.size() < 2 * cut) heartbeats += std::string("\x08\0\0\0\0\0\0\xCE", 8);
  client.feed(heartbeats);
  client.feed(one.substr(cut) + two.substr(cut));
  CHECK(client.broker.take_calls() == Lines{"enqueue 1 one", "enqueue 1 two"});
  REQUIRE(client.broker.published.size() == 2);
  CHECK(client.broker.published[0]->routing_key() == name);
}

TEST_CASE("confirms are merged, in order, once per flush") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  client.send(1, ConfirmSelect{});
  CHECK(client.take() == Lines{"1 confirm.select-ok"});
  for (int i = 0; i < 5; ++i) client.publish(1, {.routing_key = "q"}, "m");
  CHECK(client.broker.tokens[4].sequence == 5);
  settle(client, 2);
  CHECK(client.take().empty());
  settle(client, 1);
  settle(client, 3, true);
  settle(client, 4);
  settle(client, 5);
  CHECK(client.take() == Lines{"1 basic.ack 2 1", "1 basic.nack 3 0 1", "1 basic.ack 5 1"});
}

TEST_CASE("a confirm may come from inside the publish, and waits for every queue") {
  Client client;
  client.open_channel();
  client.broker.add_queue("a");
  client.broker.add_queue("b");
  client.send(1, ConfirmSelect{.no_wait = true});
  client.broker.settle_at_once = true;
  client.publish(1, {.exchange = "all"}, "m");
  CHECK(client.take() == Lines{"1 basic.ack 1 0"});
  client.broker.settle_at_once = false;
  client.publish(1, {.exchange = "all"}, "m");
  settle(client, 2);
  CHECK(client.take().empty());
  settle(client, 2);
  CHECK(client.take() == Lines{"1 basic.ack 2 0"});
}

TEST_CASE("unroutable messages are returned if mandatory, and confirmed") {
  Client client;
  client.open_channel();
  client.publish(1, {.routing_key = "nowhere"}, "x");
  CHECK(client.take().empty());
  client.publish(1, {.routing_key = "nowhere", .mandatory = true}, "x");
  CHECK(client.take() == Lines{returned, "1 header 1", "1 body x"});
  client.send(1, ConfirmSelect{.no_wait = true});
  client.publish(1, {.routing_key = "nowhere", .mandatory = true}, "x");
  CHECK(client.take() == Lines{returned, "1 header 1", "1 body x", "1 basic.ack 1 0"});
}

TEST_CASE("a message to a missing exchange is not confirmed, earlier ones are") {
  Client client;
  client.open_channel();
  client.send(1, ConfirmSelect{.no_wait = true});
  client.feed(publish_bytes(1, {.routing_key = "nowhere"}, "x") +
              publish_bytes(1, {.exchange = "missing"}, "x"));
  CHECK(client.take() == Lines{"1 basic.ack 1 0",
                               "1 channel.close 404 'NOT_FOUND - no exchange 'missing' in vhost "
                               "'/'' 60 40"});
}

TEST_CASE("confirm and tx exclude each other") {
  Client client;
  client.open_channel();
  SECTION("confirm first") {
    client.send(1, ConfirmSelect{.no_wait = true});
    client.send(1, TxSelect{});
    CHECK(client.take() == Lines{"1 channel.close 406 'PRECONDITION_FAILED - cannot switch from "
                                 "confirm to tx mode' 90 10"});
  }
  SECTION("tx first") {
    client.send(1, TxSelect{});
    client.take();
    client.send(1, ConfirmSelect{});
    CHECK(client.take() == Lines{"1 channel.close 406 'PRECONDITION_FAILED - cannot switch from "
                                 "tx to confirm mode' 85 10"});
  }
}

TEST_CASE("a transaction is carried out at commit, as one") {
  Client client;
  client.open_channel();
  const auto consumer = client.consume("t");
  for (Position position = 1; position <= 4; ++position) client.deliver(consumer, position, "d");
  client.take();
  client.send(1, TxSelect{});
  client.publish(1, {.routing_key = "q"}, "one");
  client.publish(1, {.routing_key = "nowhere", .mandatory = true}, "x");
  client.send(1, BasicAck{.delivery_tag = 2, .multiple = true});
  client.send(1, BasicReject{.delivery_tag = 3, .requeue = true});
  CHECK(client.take() == Lines{"1 tx.select-ok"});
  CHECK(client.broker.take_calls().empty());
  SECTION("commit") {
    client.send(1, TxCommit{});
    CHECK(client.broker.take_calls() == Lines{"commit +one 1:1,2,acked 1:3,requeued"});
    CHECK(client.take() == Lines{returned, "1 header 1", "1 body x", "1 tx.commit-ok"});
    client.send(1, TxCommit{});
    CHECK(client.broker.take_calls() == Lines{"commit"});
  }
  SECTION("rollback: the deliveries are outstanding again") {
    client.send(1, TxRollback{});
    CHECK(client.take() == Lines{"1 tx.rollback-ok"});
    client.send(1, BasicAck{.delivery_tag = 4, .multiple = true});
    client.send(1, TxCommit{});
    CHECK(client.broker.take_calls() == Lines{"commit 1:1,2,3,4,acked"});
  }
  SECTION("the channel ends: all is requeued") {
    client.send(1, ChannelClose{});
    CHECK(client.broker.take_calls() == Lines{"cancel 1", "settle 1:1,2,3,4,abandoned"});
  }
}

TEST_CASE("the same bytes in pieces of any size mean the same") {
  std::string input(protocol_header);
  const std::string properties =
      encode_entries({{"capabilities", FieldTable{{"consumer_cancel_notify", true}}}});
  Properties message;
  message.headers = FieldTable{{"key", "value"}};
  message.delivery_mode = 2;
  input += method_bytes_of(0, ConnectionStartOk{.client_properties = properties,
                                                .mechanism = "PLAIN",
                                                .response = Bytes("\0guest\0guest", 12),
                                                .locale = "en_US"});
  input += method_bytes_of(0, ConnectionTuneOk{.channel_max = 9, .frame_max = 4096});
  input += method_bytes_of(0, ConnectionOpen{.virtual_host = "/"});
  input += method_bytes_of(1, ChannelOpen{});
  input += method_bytes_of(1, QueueDeclare{.queue = "q"});
  input += method_bytes_of(1, ConfirmSelect{});
  input +=
      publish_bytes(1, {.routing_key = "q"}, std::string(5000, 'y'), encode_properties(message));
  input += publish_bytes(1, {.routing_key = "q", .mandatory = true}, "small",
                         encode_properties(message));
  input += publish_bytes(1, {.routing_key = "nowhere", .mandatory = true}, "back");
  input += method_bytes_of(1, BasicConsume{.consumer_tag = "t"});
  input += method_bytes_of(1, BasicCancel{.consumer_tag = "t"});
  input += method_bytes_of(1, BasicAck{.delivery_tag = 99});
  input += method_bytes_of(1, ChannelCloseOk{});
  input += method_bytes_of(0, ConnectionClose{});

  const bool use_slabs = GENERATE(false, true);
  const auto run = [&](const std::vector<std::size_t>& cuts) {
    Client client;
    client.use_slabs = use_slabs;
    client.broker.settle_at_once = true;
    std::size_t from = 0;
    for (const std::size_t cut : cuts) {
      client.feed(input.substr(from, cut - from));
      from = cut;
    }
    client.feed(input.substr(from));
    std::string transcript = client.take_bytes();
    for (const auto& call : client.broker.take_calls()) transcript += call + "\n";
    // Messages outlive the input they came in.
    for (const auto& one : client.broker.published)
      transcript.append(one->names()).append(one->properties()).append(one->body());
    return transcript;
  };
  const std::string whole = run({});
  REQUIRE(describe(whole.substr(0, whole.find("declare_queue"))).back() == "0 connection.close-ok");
  for (std::size_t cut = 1; cut < input.size(); ++cut) {
    const std::string split = run({cut});
    if (split != whole) FAIL("differs when cut at " << cut);
  }
  std::vector<std::size_t> every;
  for (std::size_t cut = 1; cut < input.size(); ++cut) every.push_back(cut);
  CHECK((run(every) == whole));
}
