// The table of methods: ids and names of the specification, round trips, hostile arguments.
#include "amqp/methods.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "unit/amqp/method_samples.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace std::string_literals;

namespace {

// Written from the specification (and RabbitMQ's extensions), apart from the structs.
const std::map<std::pair<int, int>, std::string> specified = {
    {{10, 10}, "connection.start"},
    {{10, 11}, "connection.start-ok"},
    {{10, 20}, "connection.secure"},
    {{10, 21}, "connection.secure-ok"},
    {{10, 30}, "connection.tune"},
    {{10, 31}, "connection.tune-ok"},
    {{10, 40}, "connection.open"},
    {{10, 41}, "connection.open-ok"},
    {{10, 50}, "connection.close"},
    {{10, 51}, "connection.close-ok"},
    {{10, 60}, "connection.blocked"},
    {{10, 61}, "connection.unblocked"},
    {{10, 70}, "connection.update-secret"},
    {{10, 71}, "connection.update-secret-ok"},
    {{20, 10}, "channel.open"},
    {{20, 11}, "channel.open-ok"},
    {{20, 20}, "channel.flow"},
    {{20, 21}, "channel.flow-ok"},
    {{20, 40}, "channel.close"},
    {{20, 41}, "channel.close-ok"},
    {{30, 10}, "access.request"},
    {{30, 11}, "access.request-ok"},
    {{40, 10}, "exchange.declare"},
    {{40, 11}, "exchange.declare-ok"},
    {{40, 20}, "exchange.delete"},
    {{40, 21}, "exchange.delete-ok"},
    {{40, 30}, "exchange.bind"},
    {{40, 31}, "exchange.bind-ok"},
    {{40, 40}, "exchange.unbind"},
    {{40, 51}, "exchange.unbind-ok"},
    {{50, 10}, "queue.declare"},
    {{50, 11}, "queue.declare-ok"},
    {{50, 20}, "queue.bind"},
    {{50, 21}, "queue.bind-ok"},
    {{50, 30}, "queue.purge"},
    {{50, 31}, "queue.purge-ok"},
    {{50, 40}, "queue.delete"},
    {{50, 41}, "queue.delete-ok"},
    {{50, 50}, "queue.unbind"},
    {{50, 51}, "queue.unbind-ok"},
    {{60, 10}, "basic.qos"},
    {{60, 11}, "basic.qos-ok"},
    {{60, 20}, "basic.consume"},
    {{60, 21}, "basic.consume-ok"},
    {{60, 30}, "basic.cancel"},
    {{60, 31}, "basic.cancel-ok"},
    {{60, 40}, "basic.publish"},
    {{60, 50}, "basic.return"},
    {{60, 60}, "basic.deliver"},
    {{60, 70}, "basic.get"},
    {{60, 71}, "basic.get-ok"},
    {{60, 72}, "basic.get-empty"},
    {{60, 80}, "basic.ack"},
    {{60, 90}, "basic.reject"},
    {{60, 100}, "basic.recover-async"},
    {{60, 110}, "basic.recover"},
    {{60, 111}, "basic.recover-ok"},
    {{60, 120}, "basic.nack"},
    {{85, 10}, "confirm.select"},
    {{85, 11}, "confirm.select-ok"},
    {{90, 10}, "tx.select"},
    {{90, 11}, "tx.select-ok"},
    {{90, 20}, "tx.commit"},
    {{90, 21}, "tx.commit-ok"},
    {{90, 30}, "tx.rollback"},
    {{90, 31}, "tx.rollback-ok"},
};

template <class Method>
std::string payload_of(const Method& method) {
  std::string payload;
  append_method(payload, method);
  return payload;
}

// A visitor that expects one method and keeps its name.
struct NameVisitor {
  std::string_view name;
  template <class Method>
  void operator()(const Method&) {
    name = Method::info.name;
  }
};

template <class Method>
bool are_same(const void* left, const void* right) {
  return Method::fields(*static_cast<const Method*>(left)) ==
         Method::fields(*static_cast<const Method*>(right));
}

// Visitors are types of their own, not lambdas inside a template over methods: each kind of visitor
// is compiled for all methods, and one per method would be thousands (minutes, gigabytes).
struct SameVisitor {
  std::string_view name;
  const void* sent = nullptr;
  bool (*compare)(const void*, const void*) = nullptr;
  bool is_same = false;
  template <class Got>
  void operator()(const Got& got) {
    if (Got::info.name == name) is_same = compare(sent, &got);
  }
};

// What was accepted encodes to the same octets, unused bits aside.
struct SizeVisitor {
  std::size_t bytes = 0;
  template <class Got>
  void operator()(const Got& got) const {
    std::string again;
    append_method(again, got);
    CHECK(again.size() == bytes);
  }
};

void check_round_trip(const std::string& payload, std::size_t bytes, SameVisitor visitor) {
  INFO(visitor.name);
  CHECK(bytes == payload.size());
  const auto fault = visit_method(payload, visitor);
  CHECK_FALSE(fault.has_value());
  CHECK(visitor.is_same);
}

void check_truncation(const MethodInfo& info, const std::string& payload) {
  for (std::size_t size = 0; size < payload.size(); ++size) {
    INFO(info.name << " cut to " << size);
    const std::vector<char> cut(payload.begin(), payload.begin() + static_cast<long>(size));
    NameVisitor visitor;
    const auto fault = visit_method(Bytes(cut.data(), cut.size()), visitor);
    REQUIRE(fault.has_value());
    CHECK(fault->kind == MethodFault::malformed);
    CHECK(fault->method == (size < 4 ? MethodId{} : info.id));
    CHECK(visitor.name.empty());
  }
  NameVisitor visitor;
  const auto fault = visit_method(payload + "x", visitor);
  REQUIRE(fault.has_value());
  CHECK(fault->kind == MethodFault::malformed);
}

}  // namespace

TEST_CASE("the table holds exactly the specified methods") {
  std::map<std::pair<int, int>, std::string> listed;
  std::set<std::string> with_content;
  for_each_method(AllMethods{}, [&]<class Method>() {
    const MethodInfo& info = Method::info;
    listed[{info.id.class_id, info.id.method_id}] = info.name;
    if (info.has_content) with_content.emplace(info.name);
  });
  CHECK(listed == specified);
  CHECK(AllMethods::size == specified.size());
  CHECK(with_content ==
        std::set<std::string>{"basic.publish", "basic.return", "basic.deliver", "basic.get-ok"});
}

TEST_CASE("a method's entry is found by its id") {
  REQUIRE(find_method({60, 40}) != nullptr);
  CHECK(find_method({60, 40})->name == "basic.publish");
  CHECK(find_method({60, 41}) == nullptr);
  CHECK(find_method({0, 0}) == nullptr);
}

TEST_CASE("every method survives a round trip") {
  for_each_method(AllMethods{}, []<class Method>() {
    for (const bool first_bit : {false, true}) {
      SampleFiller filler;
      const Method sent = filler.make<Method>(first_bit);
      check_round_trip(payload_of(sent), method_bytes(sent),
                       {Method::info.name, &sent, are_same<Method>});
    }
  });
}

TEST_CASE("every method cut short anywhere, or with a byte too much, is refused") {
  for_each_method(AllMethods{}, []<class Method>() {
    SampleFiller filler;
    check_truncation(Method::info, payload_of(filler.make<Method>(true)));
  });
}

TEST_CASE("methods with octets changed at random are decoded or refused, never misread") {
  std::mt19937 random(20240917);
  const auto check = [&](const std::string& payload) {
    for (int round = 0; round < 50; ++round) {
      std::vector<char> changed(payload.begin(), payload.end());
      changed[random() % changed.size()] = static_cast<char>(random());
      const Bytes bytes(changed.data(), changed.size());
      const auto fault = visit_method(bytes, SizeVisitor{bytes.size()});
      if (fault && fault->kind != MethodFault::unknown_method)
        CHECK(to_connection_error(*fault, bytes).has_value());
    }
  };
  for_each_method(AllMethods{}, [&]<class Method>() {
    SampleFiller filler;
    check(payload_of(filler.make<Method>(true)));
  });
}

TEST_CASE("methods have the octets of the specification") {
  CHECK(payload_of(QueueDeclare{.reserved_1 = 0,
                                .queue = "q",
                                .passive = false,
                                .durable = true,
                                .exclusive = false,
                                .auto_delete = true,
                                .no_wait = true}) ==
        "\x00\x32\x00\x0A\x00\x00\x01q\x1A\x00\x00\x00\x00"s);
  CHECK(payload_of(BasicPublish{.exchange = "ex", .routing_key = "rk", .mandatory = true}) ==
        "\x00\x3C\x00\x28\x00\x00\x02"
        "ex\x02rk\x01"s);
  CHECK(payload_of(BasicNack{.delivery_tag = 258, .multiple = false, .requeue = true}) ==
        "\x00\x3C\x00\x78\x00\x00\x00\x00\x00\x00\x01\x02\x02"s);
  CHECK(payload_of(ConnectionTune{.channel_max = 2047, .frame_max = 131072, .heartbeat = 60}) ==
        "\x00\x0A\x00\x1E\x07\xFF\x00\x02\x00\x00\x00\x3C"s);
  CHECK(payload_of(ConnectionOpen{.virtual_host = "/"}) == "\x00\x0A\x00\x28\x01/\x00\x00"s);
  CHECK(payload_of(ChannelOpenOk{}) == "\x00\x14\x00\x0B\x00\x00\x00\x00"s);
  CHECK(payload_of(ConnectionStart{.version_major = 0,
                                   .version_minor = 9,
                                   .server_properties = "\x01kt\x01"s,
                                   .mechanisms = "PLAIN",
                                   .locales = "en_US"}) ==
        "\x00\x0A\x00\x0A\x00\x09\x00\x00\x00\x04\x01kt\x01\x00\x00\x00\x05PLAIN\x00\x00\x00\x05"
        "en_US"s);
}

TEST_CASE("arguments that cannot be decoded are answered with their octets") {
  NameVisitor visitor;
  const std::string payload = "\x00\x32\x00\x0A\x00\x00\x05"s + "ab";
  const auto fault = visit_method(payload, visitor);
  REQUIRE(fault.has_value());
  const auto error = to_connection_error(*fault, payload);
  REQUIRE(error.has_value());
  CHECK(error->text() == "FRAME_ERROR - cannot decode <<0,0,5,97,98>>");
  CHECK(error->code == ReplyCode::frame_error);
  CHECK(error->method == MethodId{50, 10});
}

TEST_CASE("a broken table in the arguments is refused") {
  NameVisitor visitor;
  const std::string arguments = "\x01kZ";
  const QueueDeclare declare{.queue = "q", .arguments = arguments};
  const auto fault = visit_method(payload_of(declare), visitor);
  REQUIRE(fault.has_value());
  CHECK(fault->kind == MethodFault::malformed);
}

TEST_CASE("an unknown method gets no answer") {
  NameVisitor visitor;
  const std::string payload = "\x00\x3C\x00\x29"s;
  const auto fault = visit_method(payload, visitor);
  REQUIRE(fault.has_value());
  CHECK(fault->kind == MethodFault::unknown_method);
  CHECK(fault->method == MethodId{60, 41});
  CHECK_FALSE(to_connection_error(*fault, payload).has_value());
}

TEST_CASE("short strings must be UTF-8, except before content") {
  NameVisitor visitor;
  const std::string purge = payload_of(QueuePurge{.queue = "\xFF"});
  const auto fault = visit_method(purge, visitor);
  REQUIRE(fault.has_value());
  const auto error = to_connection_error(*fault, purge);
  REQUIRE(error.has_value());
  CHECK(error->text() == "FRAME_ERROR - Malformed UTF-8 in shortstr");
  CHECK(error->method == MethodId{});
  CHECK_FALSE(visit_method(payload_of(BasicPublish{.routing_key = "\xFF"}), visitor).has_value());
  CHECK(visitor.name == "basic.publish");
}

TEST_CASE("UTF-8 is told from what only looks like it") {
  for (const char* valid : {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xED\x9F\xBF",
                            "\xF0\x9F\x90\xA6", "\xF4\x8F\xBF\xBF"})
    CHECK(is_utf8(valid));
  for (const char* invalid :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80", "\xC3\x28", "a\xE2\x82\x28", "\xFF"})
    CHECK_FALSE(is_utf8(invalid));
}
