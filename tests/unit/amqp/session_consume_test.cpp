// Consuming through a session: deliveries, acknowledging, prefetch, cancels, direct replies, and
// when no input is taken.
#include <catch2/catch.hpp>

#include "unit/amqp/session_fixture.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace tern::amqp::testing;

TEST_CASE("deliveries, and acknowledging them") {
  Client client;
  client.open_channel();
  const auto consumer = client.consume("tag");
  for (Position position = 1; position <= 4; ++position)
    client.deliver(consumer, position * 10, "body");
  const Lines lines = client.take();
  REQUIRE(lines.size() == 12);
  CHECK(lines[0] == "1 basic.deliver 'tag' 1 0 '' 'q'");
  CHECK(lines[1] == "1 header 4");
  CHECK(lines[2] == "1 body body");
  CHECK(lines[9] == "1 basic.deliver 'tag' 4 0 '' 'q'");

  SECTION("neighbours of one read travel together") {
    client.feed(method_bytes_of(1, BasicAck{.delivery_tag = 1}) +
                method_bytes_of(1, BasicAck{.delivery_tag = 3}) +
                method_bytes_of(1, BasicNack{.delivery_tag = 2, .requeue = true}) +
                method_bytes_of(1, BasicReject{.delivery_tag = 4}));
    CHECK(client.broker.take_calls() ==
          Lines{"settle 1:10,30,acked", "settle 1:20,requeued", "settle 1:40,dropped"});
  }
  SECTION("multiple") {
    client.send(1, BasicAck{.delivery_tag = 3, .multiple = true});
    CHECK(client.broker.take_calls() == Lines{"settle 1:10,20,30,acked"});
    client.send(1, BasicNack{.delivery_tag = 0, .multiple = true, .requeue = true});
    CHECK(client.broker.take_calls() == Lines{"settle 1:40,requeued"});
    client.send(1, BasicAck{.delivery_tag = 0, .multiple = true});
    CHECK(client.take().empty());
  }
  SECTION("recover") {
    client.send(1, BasicRecoverAsync{.requeue = true});
    CHECK(client.take().empty());
    CHECK(client.broker.take_calls() == Lines{"settle 1:10,20,30,40,requeued"});
    client.send(1, BasicRecover{.requeue = true});
    CHECK(client.take() == Lines{"1 basic.recover-ok"});
  }
  SECTION("an acknowledgement is never overtaken") {
    client.feed(method_bytes_of(1, BasicAck{.delivery_tag = 1}) +
                method_bytes_of(1, QueuePurge{.queue = "q"}));
    CHECK(client.broker.take_calls() == Lines{"settle 1:10,acked", "purge q"});
    CHECK(client.take() == Lines{"1 queue.purge-ok 5"});
  }
  SECTION("the socket goes away") {
    client.connection->connection_lost();
    CHECK(client.broker.take_calls() ==
          Lines{"cancel 1", "settle 1:10,20,30,40,abandoned", "detach"});
  }
  SECTION("the channel closes; late deliveries are given back") {
    client.run_broker = false;
    client.send(1, ChannelClose{});
    CHECK(client.take() == Lines{"1 channel.close-ok"});
    client.broker.take_calls();
    client.deliver(consumer, 50, "late");
    client.deliver(consumer, 60, "auto", true);
    CHECK(client.broker.take_calls() == Lines{"settle 1:50,undelivered"});
    CHECK(client.take().empty());
    client.broker.run();
    client.deliver(consumer, 70, "unknown");
    CHECK(client.broker.take_calls().empty());
  }
}

TEST_CASE("consumers of one connection take turns, each on its channel under its tag") {
  Client client;
  client.open_channel();
  client.send(2, ChannelOpen{});
  const auto first = client.consume("first");
  const auto second = client.consume("second", false, 2);
  for (const ConsumerNumber consumer : {first, first, second, first, second})
    client.deliver(consumer, 1, "body");
  Lines lines = client.take();
  std::erase_if(lines, [](const std::string& line) { return line.find("deliver") == line.npos; });
  CHECK(lines == Lines{"1 basic.deliver 'first' 1 0 '' 'q'", "1 basic.deliver 'first' 2 0 '' 'q'",
                       "2 basic.deliver 'second' 1 0 '' 'q'", "1 basic.deliver 'first' 3 0 '' 'q'",
                       "2 basic.deliver 'second' 2 0 '' 'q'"});
  client.run_broker = false;
  client.send(2, ChannelClose{});
  client.take();
  client.broker.take_calls();
  client.deliver(second, 50, "late");
  CHECK(client.broker.take_calls() == Lines{"settle 2:50,undelivered"});
  client.deliver(first, 2, "body");
  CHECK(client.take().front() == "1 basic.deliver 'first' 4 0 '' 'q'");
}

TEST_CASE("large bodies are sent from where they lie, in frames of the agreed size") {
  Client client;
  client.open_channel();
  const auto consumer = client.consume("tag", true);
  const std::string body(300'000, 'z');
  client.deliver(consumer, 1, body, true);
  const std::string bytes = client.take_bytes();
  const Lines lines = describe(bytes);
  REQUIRE(lines.size() == 5);
  CHECK(lines[1] == "1 header 300000");
  CHECK((lines[2].substr(7) + lines[3].substr(7) + lines[4].substr(7) == body));
  CHECK(lines[2].size() == 7 + 131064);
}

TEST_CASE("consumer tags") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  client.send(1, BasicConsume{.queue = "q"});
  const Lines lines = client.take();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("1 basic.consume-ok 'amq.ctag-"));
  CHECK(lines[0].size() == std::string("1 basic.consume-ok ''").size() + 9 + 22);
  client.send(1, BasicConsume{.queue = "q", .consumer_tag = "mine", .no_wait = true});
  CHECK(client.take().empty());
  client.send(1, BasicConsume{.queue = "q", .consumer_tag = "mine"});
  CHECK(client.take() == Lines{"0 connection.close 530 'NOT_ALLOWED - attempt to reuse consumer "
                               "tag 'mine'' 60 20"});
}

TEST_CASE("what consume asks for reaches the queue") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  client.send(1, BasicQos{.prefetch_count = 7});
  const std::string priority = encode_entries({{"x-priority", std::int32_t{-3}}});
  client.send(1, BasicConsume{.queue = "q", .exclusive = true, .arguments = priority});
  CHECK(client.broker.last_spec.prefetch == 7);
  CHECK(client.broker.last_spec.priority == -3);
  CHECK(client.broker.last_spec.exclusive);
  CHECK_FALSE(client.broker.last_spec.auto_ack);
  CHECK_FALSE(client.broker.last_spec.gated);
  // What is wrong with arguments is the broker's to say: it gets them all.
  const FieldTable wrong{{"x-priority", "high"}, {"x-other", true}};
  const std::string encoded = encode_entries(wrong);
  client.send(1, BasicConsume{.queue = "q", .arguments = encoded});
  CHECK(client.broker.last_arguments == wrong);
  CHECK(client.broker.last_spec.priority == 0);
}

TEST_CASE("cancel") {
  Client client;
  client.open_channel();
  const auto consumer = client.consume("t");
  SECTION("deliveries on their way come before cancel-ok") {
    client.run_broker = false;
    client.send(1, BasicCancel{.consumer_tag = "t"});
    client.deliver(consumer, 1, "late");
    client.broker.run();
    const Lines lines = client.take();
    REQUIRE(lines.size() == 4);
    CHECK(lines[3] == "1 basic.cancel-ok 't'");
    client.send(1, BasicAck{.delivery_tag = 1});
    CHECK(client.take().empty());
  }
  SECTION("an unknown tag is fine") {
    client.send(1, BasicCancel{.consumer_tag = "other"});
    CHECK(client.take() == Lines{"1 basic.cancel-ok 'other'"});
  }
  SECTION("nowait; the tag is free at once") {
    client.send(1, BasicCancel{.consumer_tag = "t", .no_wait = true});
    CHECK(client.take().empty());
    client.send(1, BasicConsume{.queue = "q", .consumer_tag = "t"});
    CHECK(client.take() == Lines{"1 basic.consume-ok 't'"});
  }
  SECTION("the queue goes") {
    client.connection->consumer_cancelled(consumer);
    CHECK(client.take() == Lines{"1 basic.cancel 't' 1"});
    CHECK(client.broker.take_calls().empty());
  }
}

TEST_CASE("clients without the capability are not told that a queue went") {
  Client client;
  client.open({});
  client.send(1, ChannelOpen{});
  client.take();
  const auto consumer = client.consume("t");
  client.connection->consumer_cancelled(consumer);
  CHECK(client.take().empty());
}

TEST_CASE("a limit for the whole channel gates its consumers") {
  Client client;
  client.open_channel();
  const auto first = client.consume("first");
  client.consume("auto", true);
  client.send(1, BasicQos{.prefetch_count = 2, .global = true});
  CHECK(client.broker.take_calls() == Lines{"gated 1 yes"});
  const auto third = client.consume("third");
  CHECK(client.broker.last_spec.gated);
  client.connection->permits_wanted(first, 5);
  CHECK(client.broker.take_calls() == Lines{"permit 1 2"});
  client.deliver(first, 1, "m");
  client.deliver(first, 2, "m");
  client.connection->permits_wanted(first, 5);
  client.connection->permits_wanted(third, 5);
  CHECK(client.broker.take_calls().empty());
  client.take();
  client.send(1, BasicAck{.delivery_tag = 1});
  CHECK(client.broker.take_calls() == Lines{"settle 1:1,acked", "permit 1 1"});
  client.connection->permits_returned(first, 1);
  CHECK(client.broker.take_calls() == Lines{"permit 3 1"});
  client.send(1, BasicQos{.prefetch_count = 5, .global = true});
  CHECK(client.broker.take_calls().empty());
  client.connection->permits_wanted(third, 9);
  CHECK(client.broker.take_calls() == Lines{"permit 3 3"});
  client.send(1, BasicQos{.prefetch_count = 0, .global = true});
  CHECK(client.broker.take_calls() == Lines{"gated 1 no", "gated 3 no"});
}

TEST_CASE("get") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  client.broker.gettable["q"] = {Client::make_message("one"), Client::make_message("two")};
  client.send(1, BasicGet{.queue = "q"});
  CHECK(client.take() == Lines{"1 basic.get-ok 1 0 '' 'q' 1", "1 header 3", "1 body one"});
  client.send(1, BasicGet{.queue = "q", .no_ack = true});
  CHECK(client.take().size() == 3);
  client.send(1, BasicGet{.queue = "q"});
  CHECK(client.take() == Lines{"1 basic.get-empty ''"});
  client.broker.take_calls();
  client.send(1, BasicAck{.delivery_tag = 1});
  CHECK(client.broker.take_calls() == Lines{"settle 0:1,acked"});
  client.send(1, BasicAck{.delivery_tag = 2});
  CHECK(client.take().size() == 1);  // was no_ack: unknown
}

TEST_CASE("the empty name is the queue declared last on the channel") {
  Client client;
  client.open_channel();
  client.send(1, QueueDeclare{});
  CHECK(client.take() == Lines{"1 queue.declare-ok 'amq.gen-made' 0 0"});
  client.broker.take_calls();
  client.send(1, QueueBind{.exchange = "e"});
  client.send(1, QueueBind{.exchange = "e", .routing_key = "k", .no_wait = true});
  client.send(1, QueueUnbind{.exchange = "e", .routing_key = "k"});
  client.send(1, QueueDelete{});
  CHECK(client.broker.take_calls() == Lines{"bind e amq.gen-made amq.gen-made",
                                            "bind e amq.gen-made k", "unbind e amq.gen-made k",
                                            "delete_queue amq.gen-made"});
  CHECK(client.take() == Lines{"1 queue.bind-ok", "1 queue.unbind-ok", "1 queue.delete-ok 0"});
}

TEST_CASE("small answers") {
  Client client;
  client.open_channel();
  client.send(1, AccessRequest{.realm = "/data"});
  client.send(1, ChannelFlow{.active = true});
  client.send(1, ExchangeDeclare{.exchange = "e", .type = "topic"});
  client.send(1, ExchangeBind{.destination = "d", .source = "e", .routing_key = "k"});
  client.send(1, ExchangeUnbind{.destination = "d", .source = "e", .routing_key = "k"});
  client.send(1, ExchangeDelete{.exchange = "e"});
  CHECK(client.take() == Lines{"1 access.request-ok 1", "1 channel.flow-ok 1",
                               "1 exchange.declare-ok", "1 exchange.bind-ok",
                               "1 exchange.unbind-ok", "1 exchange.delete-ok"});
}

TEST_CASE("direct replies") {
  Client client;
  client.open_channel();
  client.send(1,
              BasicConsume{.queue = "amq.rabbitmq.reply-to", .consumer_tag = "r", .no_ack = true});
  CHECK(client.take() == Lines{"1 basic.consume-ok 'r'"});
  client.broker.add_queue("server");
  Properties properties;
  properties.content_type = "text/plain";
  properties.headers = FieldTable{{"h", "v"}};
  properties.reply_to = "amq.rabbitmq.reply-to";
  properties.correlation_id = "7";
  client.publish(1, {.routing_key = "server"}, "ask", encode_properties(properties));
  REQUIRE(client.broker.published.size() == 1);
  const auto view = PropertiesView::decode(client.broker.published[0]->properties());
  REQUIRE(view.has_value());
  CHECK(view->get(Property::correlation_id) == "7");
  const std::string address(view->get(Property::reply_to));
  CHECK(address.starts_with("amq.rabbitmq.reply-to."));
  client.send(2, ChannelOpen{});
  client.take();

  SECTION("a reply arrives") {
    client.publish(2, {.routing_key = address, .mandatory = true}, "answer");
    CHECK(client.take() ==
          Lines{"1 basic.deliver 'r' 1 0 '' '" + address + "'", "1 header 6", "1 body answer"});
    client.send(2, QueueDeclare{.queue = address, .passive = true});
    CHECK(client.take() == Lines{"2 queue.declare-ok '" + address + "' 0 1"});
  }
  SECTION("a second reply consumer is refused") {
    client.send(1, BasicConsume{.queue = "amq.rabbitmq.reply-to", .no_ack = true});
    CHECK(client.take() == Lines{"1 channel.close 406 'PRECONDITION_FAILED - reply consumer "
                                 "already set' 60 20"});
  }
  SECTION("nobody is there any more") {
    client.send(1, BasicCancel{.consumer_tag = "r"});
    CHECK(client.take() == Lines{"1 basic.cancel-ok 'r'"});
    client.send(2, ConfirmSelect{.no_wait = true});
    client.publish(2, {.routing_key = address, .mandatory = true}, "x");
    CHECK(client.take() == Lines{"2 basic.return 312 'NO_ROUTE' '' '" + address + "'", "2 header 1",
                                 "2 body x", "2 basic.ack 1 0"});
    client.send(2, QueueDeclare{.queue = address, .passive = true});
    CHECK(client.take() ==
          Lines{"2 channel.close 404 'NOT_FOUND - no queue '" + address + "' in vhost '/'' 50 10"});
  }
}

TEST_CASE("a held publisher is not read") {
  Client client;
  client.open_channel();
  client.connection->hold_publishing(true);
  CHECK_FALSE(client.connection->wants_input());
  client.send(1, AccessRequest{});
  CHECK(client.take().empty());
  client.connection->hold_publishing(false);
  CHECK(client.transport.resumed == 1);
  client.feed("");
  CHECK(client.take().size() == 1);
}

TEST_CASE("a client that does not read its answers is given no more") {
  ConnectionOptions options;
  options.output_high_bytes = 1000;
  Client client(options);
  client.open_channel();
  const std::string ask = method_bytes_of(1, AccessRequest{});
  std::string many;
  for (int i = 0; i < 1000; ++i) many += ask;
  client.feed(many);
  CHECK_FALSE(client.connection->wants_input());
  CHECK(client.connection->output().pending_bytes() < 1100);
  std::size_t answers = 0;
  while (client.connection->output().pending_bytes() > 0) {
    answers += client.take().size();
    CHECK(client.connection->wants_input());
    client.feed("");
  }
  CHECK(answers == 1000);
}

TEST_CASE("a consumer's window opens again as its deliveries are written") {
  ConnectionOptions options;
  options.consumer_window_bytes = 4000;
  Client client(options);
  client.open_channel();
  const auto consumer = client.consume("t", true);
  CHECK(client.broker.last_spec.window_bytes == 4000);
  const std::uint32_t bytes = Client::make_message(std::string(600, 'x'))->bytes();
  client.deliver(consumer, 1, std::string(600, 'x'), true);
  client.take_bytes();
  CHECK(client.broker.take_calls().empty());  // a quarter of the window at a time
  client.deliver(consumer, 2, std::string(600, 'x'), true);
  CHECK(client.broker.take_calls().empty());
  client.take_bytes();
  CHECK(client.broker.take_calls() == Lines{"drained 1 " + std::to_string(2 * bytes)});
}

TEST_CASE("an operation that ends after its channel gives everything back") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  client.run_broker = false;
  SECTION("consume") {
    client.send(1, BasicConsume{.queue = "q"});
    client.connection->shut_down("stop");
    client.broker.take_calls();
    client.broker.run();
    CHECK(client.broker.take_calls() == Lines{"cancel 1"});
    client.deliver(1, 5, "x");
    CHECK(client.broker.take_calls() == Lines{"settle 1:5,undelivered"});
  }
  SECTION("get") {
    client.broker.gettable["q"] = {Client::make_message("one")};
    client.send(1, BasicGet{.queue = "q"});
    client.connection->shut_down("stop");
    client.broker.take_calls();
    client.broker.run();
    CHECK(client.broker.take_calls() == Lines{"settle 0:1,undelivered"});
  }
}

TEST_CASE("an idle connection is small") {
  CHECK(sizeof(Connection) + sizeof(Channel) < 4096);
}
