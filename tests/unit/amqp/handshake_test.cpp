// From the protocol header to connection.open-ok, and all the ways in which that fails.
#include <catch2/catch.hpp>

#include "unit/amqp/session_fixture.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace tern::amqp::testing;

namespace {

const FieldTable wants_close{{"authentication_failure_close", true}};
constexpr Bytes guest{"\0guest\0guest", 12};

std::string start_properties(const ConnectionOptions& options) {
  Client client(options);
  client.feed(protocol_header);
  const std::string bytes = client.take_bytes();
  const FrameCut cut = cut_frame(bytes, 131072);
  std::string properties;
  const auto fault = visit_method(cut.payload, [&]<class Method>(const Method& method) {
    if constexpr (std::same_as<Method, ConnectionStart>) {
      CHECK(method.mechanisms == "PLAIN AMQPLAIN");
      CHECK(method.locales == "en_US");
      CHECK(method.version_major == 0);
      CHECK(method.version_minor == 9);
      properties = method.server_properties;
    }
  });
  CHECK_FALSE(fault);
  return properties;
}

}  // namespace

TEST_CASE("the server presents itself as RabbitMQ unless told otherwise") {
  ConnectionOptions options;
  options.version = "1.2.3";
  auto table = *decode_entries(start_properties(options));
  CHECK(*table.find("product") == FieldValue("RabbitMQ"));
  CHECK(*table.find("version") == FieldValue("3.13.7"));
  CHECK(*table.find("ternmq_version") == FieldValue("1.2.3"));
  const auto* capabilities = table.find("capabilities")->as<FieldTable>();
  REQUIRE(capabilities != nullptr);
  CHECK(capabilities->size() == 9);
  CHECK(*capabilities->find("direct_reply_to") == FieldValue(true));

  options.present_as_rabbitmq = false;
  table = *decode_entries(start_properties(options));
  CHECK(*table.find("product") == FieldValue("TernMQ"));
  CHECK(*table.find("version") == FieldValue("1.2.3"));
}

TEST_CASE("a handshake with PLAIN") {
  Client client;
  client.feed(protocol_header);
  CHECK(client.take().size() == 1);
  client.start_ok("PLAIN", guest, {});
  CHECK(client.take() == Lines{"0 connection.tune 2047 131072 60"});
  client.send(0, ConnectionTuneOk{.channel_max = 10, .frame_max = 4096, .heartbeat = 0});
  CHECK(client.take().empty());
  client.send(0, ConnectionOpen{.virtual_host = "/"});
  CHECK(client.take() == Lines{"0 connection.open-ok ''"});
  CHECK(client.connection->is_open());
}

TEST_CASE("a handshake with AMQPLAIN and the header of 0-8") {
  Client client;
  client.feed(Bytes("AMQP\x01\x01\0\x09", 8));
  client.take();
  const std::string response = encode_entries({{"LOGIN", "guest"}, {"PASSWORD", "guest"}});
  client.start_ok("AMQPLAIN", response, {});
  CHECK(client.take() == Lines{"0 connection.tune 2047 131072 60"});
}

TEST_CASE("another protocol is answered with ours") {
  Client client;
  client.feed("GET / HTTP/1.1\r\n\r\n");
  CHECK(client.take() == Lines{"protocol header"});
  CHECK(client.transport.closing);
}

TEST_CASE("a refused login is told to clients that can take it") {
  Client client;
  client.feed(protocol_header);
  client.take();
  client.start_ok("PLAIN", Bytes("\0guest\0wrong", 12), wants_close);
  CHECK(client.take() ==
        Lines{"0 connection.close 403 'ACCESS_REFUSED - Login was refused using authentication "
              "mechanism PLAIN. For details see the broker logfile.' 0 0"});
  CHECK_FALSE(client.transport.closing);
  client.send(0, ConnectionCloseOk{});
  CHECK(client.transport.closing);
}

TEST_CASE("a refused login is silence for three seconds to others") {
  Client client;
  client.feed(protocol_header);
  client.take();
  client.start_ok("PLAIN", Bytes("\0guest\0wrong", 12), {});
  client.now += Millis{2900};
  client.connection->tick(client.now);
  CHECK_FALSE(client.transport.closing);
  client.now += Millis{200};
  client.connection->tick(client.now);
  CHECK(client.transport.closing);
  CHECK(client.take().empty());
}

TEST_CASE("malformed logins and unknown mechanisms close the socket") {
  const auto [mechanism, response] =
      GENERATE(table<std::string, std::string>({{"EXTERNAL", ""},
                                                {"PLAIN", "guest"},
                                                {"PLAIN", std::string("\0guest", 6)},
                                                {"AMQPLAIN", "\x05LOG"},
                                                {"AMQPLAIN", ""}}));
  Client client;
  client.feed(protocol_header);
  client.take();
  client.start_ok(mechanism, response, wants_close);
  CHECK(client.transport.closing);
  CHECK(client.take().empty());
}

TEST_CASE("tune-ok outside the server's limits closes the socket") {
  const auto [channel_max, frame_max] = GENERATE(table<std::uint16_t, std::uint32_t>(
      {{0, 131072}, {2048, 131072}, {2047, 4095}, {2047, 131073}, {2047, 0}}));
  Client client;
  client.feed(protocol_header);
  client.start_ok("PLAIN", guest, wants_close);
  client.take();
  client.send(0, ConnectionTuneOk{.channel_max = channel_max, .frame_max = frame_max});
  CHECK(client.transport.closing);
  CHECK(client.take().empty());
}

TEST_CASE("an unknown vhost is told in place of open-ok") {
  Client client;
  client.feed(protocol_header);
  client.start_ok("PLAIN", guest, {});
  client.send(0, ConnectionTuneOk{.channel_max = 10, .frame_max = 4096, .heartbeat = 0});
  client.take();
  client.send(0, ConnectionOpen{.virtual_host = "/nope"});
  CHECK(client.take() ==
        Lines{"0 connection.close 530 'NOT_ALLOWED - vhost /nope not found' 10 40"});
}

TEST_CASE("before open a fault just closes the socket") {
  Client client;
  client.feed(protocol_header);
  client.take();
  SECTION("a frame out of order") {
    client.send(0, ConnectionOpen{.virtual_host = "/"});
  }
  SECTION("a channel method") {
    client.send(1, ChannelOpen{});
  }
  SECTION("a frame that is too long") {
    client.feed(Bytes("\1\0\0\0\0\x20\x01", 7));
  }
  SECTION("a bad end") {
    client.feed(Bytes("\1\0\0\0\0\0\4\0\x0A\0\x0B!", 12));
  }
  CHECK(client.transport.closing);
  CHECK(client.take().empty());
}

TEST_CASE("a login may take 8192 octets") {
  Client client;
  client.feed(protocol_header);
  client.take();
  std::string token(8000, 'x');
  token[0] = '\0';
  client.start_ok("PLAIN", token + std::string("\0guest", 6), {});
  CHECK_FALSE(client.transport.closing);  // refused, but understood
}

TEST_CASE("a client that says nothing is dropped") {
  Client client;
  SECTION("at once") {}
  SECTION("after the header") {
    client.feed(protocol_header);
  }
  client.now += Millis{9'999};
  client.connection->tick(client.now);
  CHECK_FALSE(client.transport.aborted);
  client.now += Millis{1};
  client.connection->tick(client.now);
  CHECK(client.transport.aborted);
}

TEST_CASE("heartbeats go out when idle, and silence ends the connection") {
  Client client;
  client.open();
  client.connection->tick(client.now);
  client.take();
  for (int i = 0; i < 29; ++i) client.connection->tick(client.now += Millis{1000});
  CHECK(client.take().empty());
  client.connection->tick(client.now += Millis{1000});
  CHECK(client.take() == Lines{"0 heartbeat"});
  client.feed(Bytes("\x08\0\0\0\0\0\0\xCE", 8));
  client.connection->tick(client.now += Millis{119'000});
  CHECK_FALSE(client.transport.aborted);
  client.connection->tick(client.now += Millis{61'000});
  CHECK(client.transport.aborted);
}

TEST_CASE("update-secret is answered") {
  Client client;
  client.open();
  client.send(0, ConnectionUpdateSecret{.new_secret = "new", .reason = "because"});
  CHECK(client.take() == Lines{"0 connection.update-secret-ok"});
}

TEST_CASE("the closing handshake from both sides") {
  Client client;
  client.open_channel();
  SECTION("client") {
    client.send(0, ConnectionClose{.reply_code = 200, .reply_text = "bye"});
    CHECK(client.take() == Lines{"0 connection.close-ok"});
    CHECK(client.transport.closing);
    CHECK(client.broker.take_calls() == Lines{"detach"});
  }
  SECTION("server, which ignores everything else meanwhile") {
    client.connection->shut_down("broker forced connection closure with reason 'shutdown'");
    CHECK(client.take() == Lines{"0 connection.close 320 'CONNECTION_FORCED - broker forced "
                                 "connection closure with reason 'shutdown'' 0 0"});
    client.publish(1, {.routing_key = "q"}, "late");
    client.send(2, ChannelOpen{});
    CHECK(client.take().empty());
    client.send(0, ConnectionCloseOk{});
    CHECK(client.transport.closing);
  }
  SECTION("server, and the client never answers") {
    client.connection->shut_down("stop");
    client.connection->tick(client.now += Millis{30'000});
    CHECK(client.transport.aborted);
  }
}
