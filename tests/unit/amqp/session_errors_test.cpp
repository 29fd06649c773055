// Each fault of an open connection: its code, its text and what it closes.
#include <catch2/catch.hpp>

#include "unit/amqp/session_fixture.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace tern::amqp::testing;

namespace {

std::string header_frame(std::uint16_t channel, std::uint16_t class_id, std::uint64_t body_bytes) {
  std::string out;
  FrameWriter(out, 4096).content_header(channel, class_id, body_bytes, no_properties);
  return out;
}

std::string body_frame(std::uint16_t channel, Bytes body) {
  std::string out;
  FrameWriter(out, 131072).body(channel, body);
  return out;
}

struct Row {
  std::string input;
  std::string answer;
};

}  // namespace

TEST_CASE("faults that close the connection") {
  const BasicPublish publish{.exchange = "", .routing_key = "q"};
  const std::vector<Row> rows{
      {method_bytes_of(2, BasicAck{.delivery_tag = 1}),
       "504 'CHANNEL_ERROR - expected 'channel.open'' 60 80"},
      {method_bytes_of(1, ChannelOpen{}), "504 'CHANNEL_ERROR - second 'channel.open' seen' 20 10"},
      {method_bytes_of(0, ChannelOpen{}),
       "504 'CHANNEL_ERROR - unexpected method in connection state running' 20 10"},
      {method_bytes_of(1, ConnectionOpen{}), "503 'COMMAND_INVALID - unimplemented method' 10 40"},
      {publish_bytes(1, {.routing_key = "q", .immediate = true}, "x"),
       "540 'NOT_IMPLEMENTED - immediate=true' 60 40"},
      {method_bytes_of(1, BasicQos{.prefetch_size = 10}),
       "540 'NOT_IMPLEMENTED - prefetch_size!=0 (10)' 60 10"},
      {method_bytes_of(1, BasicRecover{}), "540 'NOT_IMPLEMENTED - requeue=false' 60 110"},
      {method_bytes_of(1, ChannelFlow{}), "540 'NOT_IMPLEMENTED - active=false' 20 20"},
      {std::string("\1\0\1\0\0\0\4\0\x14\0\x28!", 12),
       "501 'FRAME_ERROR - type 1, all octets = <<0,20,0,40>>: {invalid_frame_end_marker,33}' 0 0"},
      {std::string("\x09\0\1\0\0\0\0\xCE", 8),
       "501 'FRAME_ERROR - type 9, all octets = <<>>: unknown_frame' 0 0"},
      {std::string("\x08\0\1\0\0\0\0\xCE", 8),
       "505 'UNEXPECTED_FRAME - type 8, all octets = <<>>' 0 0"},
      {std::string("\1\0\1\0\2\0\1", 7),
       "501 'FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,131073,131064}' 0 0"},
      {body_frame(1, "x"),
       "505 'UNEXPECTED_FRAME - expected method frame, got non method frame instead' 0 0"},
      {header_frame(1, 60, 1),
       "505 'UNEXPECTED_FRAME - expected method frame, got non method frame instead' 0 0"},
      {method_bytes_of(1, publish) + method_bytes_of(1, BasicAck{.delivery_tag = 1}),
       "505 'UNEXPECTED_FRAME - expected content header for class 60, got non content header "
       "frame instead' 60 40"},
      {method_bytes_of(1, publish) + body_frame(1, "x"),
       "505 'UNEXPECTED_FRAME - expected content header for class 60, got non content header "
       "frame instead' 60 40"},
      {method_bytes_of(1, publish) + header_frame(1, 50, 1),
       "505 'UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 "
       "instead' 60 40"},
      {method_bytes_of(1, publish) + header_frame(1, 60, 3) + header_frame(1, 60, 3),
       "505 'UNEXPECTED_FRAME - expected content body, got non content body frame instead' 60 40"},
      {method_bytes_of(1, publish) + header_frame(1, 60, 3) + body_frame(1, "four"),
       "505 'UNEXPECTED_FRAME - content body is longer than its header announced' 60 40"},
  };
  const Row row = GENERATE_REF(from_range(rows));
  Client client;
  client.open_channel();
  client.feed(row.input);
  CHECK(client.take() == Lines{"0 connection.close " + row.answer});
  CHECK_FALSE(client.transport.closing);
  client.send(0, ConnectionCloseOk{});
  CHECK(client.transport.closing);
}

TEST_CASE("an unknown method closes the socket without a frame") {
  Client client;
  client.open_channel();
  client.feed(Bytes("\1\0\1\0\0\0\4\0\x3C\0\x07\xCE", 12));
  CHECK(client.take().empty());
  CHECK(client.transport.closing);
}

TEST_CASE("faults that close the channel") {
  const std::vector<Row> rows{
      {method_bytes_of(1, BasicAck{.delivery_tag = 5}),
       "406 'PRECONDITION_FAILED - unknown delivery tag 5' 60 80"},
      {method_bytes_of(1, BasicAck{.delivery_tag = 0}),
       "406 'PRECONDITION_FAILED - unknown delivery tag 0' 60 80"},
      {method_bytes_of(1, BasicReject{.delivery_tag = 7}),
       "406 'PRECONDITION_FAILED - unknown delivery tag 7' 60 90"},
      {method_bytes_of(1, QueueBind{.exchange = "amq.direct"}),
       "404 'NOT_FOUND - no previously declared queue' 50 20"},
      {method_bytes_of(1, BasicGet{.queue = "nope"}),
       "404 'NOT_FOUND - no queue 'nope' in vhost '/'' 60 70"},
      {method_bytes_of(1, BasicConsume{.queue = "nope", .no_wait = true}),
       "404 'NOT_FOUND - no queue 'nope' in vhost '/'' 60 20"},
      {method_bytes_of(1, QueueDeclare{.queue = "nope", .passive = true}),
       "404 'NOT_FOUND - no queue 'nope' in vhost '/'' 50 10"},
      {publish_bytes(1, {.exchange = "missing"}, "x"),
       "404 'NOT_FOUND - no exchange 'missing' in vhost '/'' 60 40"},
      {method_bytes_of(1, TxCommit{}),
       "406 'PRECONDITION_FAILED - channel is not transactional' 90 20"},
      {method_bytes_of(1, TxRollback{}),
       "406 'PRECONDITION_FAILED - channel is not transactional' 90 30"},
      {method_bytes_of(1, BasicConsume{.queue = "amq.rabbitmq.reply-to"}),
       "406 'PRECONDITION_FAILED - reply consumer cannot acknowledge' 60 20"},
  };
  const Row row = GENERATE_REF(from_range(rows));
  Client client;
  client.open_channel();
  client.feed(row.input);
  CHECK(client.take() == Lines{"1 channel.close " + row.answer});
  // Until close-ok everything on the channel is ignored; then the number is free again.
  client.publish(1, {.routing_key = "q"}, "x");
  client.send(1, BasicAck{.delivery_tag = 1});
  client.send(1, ChannelOpen{});
  CHECK(client.take().empty());
  client.send(1, ChannelCloseOk{});
  client.send(1, ChannelOpen{});
  CHECK(client.take() == Lines{"1 channel.open-ok ''"});
  CHECK(client.connection->is_open());
}

TEST_CASE("properties are checked") {
  Properties properties;
  std::string answer;
  SECTION("expiration") {
    const auto [value, fault] = GENERATE(table<std::string, std::string>(
        {{"abc", "no_integer"},
         {"", "no_integer"},
         {"-1", "{value_negative,-1}"},
         {"10x", "{leftover_string,\"x\"}"},
         {"315360000001", "{value_too_large,315360000001}"},
         {"99999999999999999999", "{value_too_large,99999999999999999999}"}}));
    properties.expiration = value;
    answer = "invalid expiration '" + value + "': " + fault;
  }
  SECTION("user-id") {
    properties.user_id = "bob";
    answer = "user_id property set to 'bob' but authenticated user was 'guest'";
  }
  SECTION("CC") {
    properties.headers = FieldTable{{"CC", "key"}};
    answer = "invalid message: {unacceptable_type_in_header,\"CC\",longstr}";
  }
  SECTION("BCC") {
    properties.headers = FieldTable{{"BCC", true}};
    answer = "invalid message: {unacceptable_type_in_header,\"BCC\",bool}";
  }
  SECTION("reply-to without a reply consumer") {
    properties.reply_to = "amq.rabbitmq.reply-to";
    answer = "fast reply consumer does not exist";
  }
  Client client;
  client.open_channel();
  client.publish(1, {.routing_key = "q"}, "body", encode_properties(properties));
  CHECK(client.take() == Lines{"1 channel.close 406 'PRECONDITION_FAILED - " + answer + "' 60 40"});
  CHECK(client.broker.published.empty());
}

TEST_CASE("a text is UTF-8 whatever it quotes") {
  Client client;
  client.open_channel();
  Properties properties;
  properties.expiration = "1\xD6";
  client.publish(1, {.routing_key = "q"}, "body", encode_properties(properties));
  CHECK(client.take() == Lines{"1 channel.close 406 'PRECONDITION_FAILED - invalid expiration "
                               "'1?': {leftover_string,\"?\"}' 60 40"});
}

TEST_CASE("good properties pass") {
  Client client;
  client.open_channel();
  client.broker.add_queue("q");
  Properties properties;
  properties.expiration = "4294967295";
  properties.user_id = "guest";
  properties.headers = FieldTable{{"CC", FieldArray{{FieldValue("a")}}}};
  properties.delivery_mode = 2;
  properties.priority = 4;
  client.publish(1, {.routing_key = "q"}, "body", encode_properties(properties));
  CHECK(client.take().empty());
  REQUIRE(client.broker.published.size() == 1);
  CHECK(client.broker.published[0]->is_persistent());
  CHECK(client.broker.published[0]->priority() == 4);
}

TEST_CASE("a message larger than allowed closes the channel, and its body is ignored") {
  ConnectionOptions options;
  options.message_bytes_max = 10;
  Client client(options);
  client.open_channel();
  client.publish(1, {.routing_key = "q"}, "12345678901");
  CHECK(client.take() == Lines{"1 channel.close 406 'PRECONDITION_FAILED - message size 11 is "
                               "larger than configured max size 10' 60 40"});
}

TEST_CASE("one channel too many closes the connection") {
  ConnectionOptions options;
  Client client(options);
  client.feed(protocol_header);
  client.start_ok("PLAIN", Bytes("\0guest\0guest", 12), {});
  client.send(0, ConnectionTuneOk{.channel_max = 2, .frame_max = 4096});
  client.send(0, ConnectionOpen{.virtual_host = "/"});
  client.send(5, ChannelOpen{});
  client.send(900, ChannelOpen{});
  client.take();
  client.send(6, ChannelOpen{});
  CHECK(client.take() == Lines{"0 connection.close 530 'NOT_ALLOWED - number of channels opened "
                               "(2) has reached the negotiated channel_max (2)' 0 0"});
}

TEST_CASE("what the broker refuses closes what its code says") {
  Client client;
  client.open_channel();
  SECTION("the channel") {
    client.broker.fail_next = {broker::ErrorKind::resource_locked, "locked"};
    client.send(1, QueueDeclare{.queue = "q", .no_wait = true});
    CHECK(client.take() == Lines{"1 channel.close 405 'RESOURCE_LOCKED - locked' 50 10"});
  }
  SECTION("the connection") {
    client.broker.fail_next = {broker::ErrorKind::command_invalid, "unknown exchange type 'x'"};
    client.send(1, ExchangeDeclare{.exchange = "e", .type = "x"});
    CHECK(client.take() ==
          Lines{"0 connection.close 503 'COMMAND_INVALID - unknown exchange type 'x'' 40 10"});
  }
}
