// Messages: in place, gathered, in pieces, copied.
#include "message/message.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace tern;
using namespace std::string_literals;

namespace {

const std::string names = "\2ex\3key"s;
const std::string properties = "\x10\0\2"s;
const std::string body = "the body";

void check_message(const Message& message) {
  CHECK(message.exchange() == "ex");
  CHECK(message.routing_key() == "key");
  CHECK(message.names() == names);
  CHECK(message.properties() == properties);
  CHECK(message.body() == body);
  CHECK(message.is_persistent());
  CHECK(message.priority() == 7);
  CHECK(message.bytes() == names.size() + properties.size() + body.size() + sizeof(Message));
}

MessageParts parts_at(const char* at) {
  return {.names = {at, names.size()},
          .properties = {at + names.size(), properties.size()},
          .body = {at + names.size() + properties.size(), body.size()},
          .persistent = true,
          .priority = 7};
}

}  // namespace

TEST_CASE("a message lies where it was read") {
  const std::uint64_t before = Slab::alive_bytes();
  const std::string wire = names + properties + body;
  MessageRef message;
  {
    SlabLease lease(Slab::create());
    char* const at = lease->free_begin();
    wire.copy(at, wire.size());
    lease->advance(wire.size());
    message = MessageRef::in_place(lease, parts_at(at));
    REQUIRE(message);
    CHECK(message->body().data() == at + names.size() + properties.size());
  }
  check_message(*message);
  CHECK(message->shares_slab());
  const MessageRef own = MessageRef::copy(*message);
  message.reset();
  CHECK(Slab::alive_bytes() - before < 1024);
  check_message(*own);
  CHECK_FALSE(own->shares_slab());
}

TEST_CASE("hidden keys lie behind the names, in a message as in its copy") {
  const std::string hidden = "hidden keys";
  const std::string wire = names + hidden + properties + body;
  SlabLease lease(Slab::create());
  char* const at = lease->free_begin();
  wire.copy(at, wire.size());
  lease->advance(wire.size());
  MessageParts parts = parts_at(at + hidden.size());
  parts.names = {at, names.size()};
  parts.hidden_keys = {at + names.size(), hidden.size()};
  const MessageRef message = MessageRef::in_place(lease, parts);
  REQUIRE(message);
  for (const MessageRef& each : {message, MessageRef::copy(*message)}) {
    CHECK(each->names() == names);
    CHECK(each->hidden_keys() == hidden);
    CHECK(each->properties() == properties);
    CHECK(each->body() == body);
    CHECK(each->bytes() == wire.size() + sizeof(Message));
  }
}

TEST_CASE("without room for its structure a message cannot lie in place") {
  SlabLease lease(Slab::create_exact(sizeof(Message)));
  lease->advance(8);
  CHECK_FALSE(MessageRef::in_place(lease, parts_at(lease->free_begin())));
}

TEST_CASE("a body in pieces becomes one") {
  const std::string wire = names + properties;
  MessageParts parts = parts_at(wire.data());
  parts.body = {};
  MessageGatherer gatherer(parts, static_cast<std::uint32_t>(body.size()));
  gatherer.append(Bytes(body).substr(0, 3));
  CHECK(gatherer.missing_bytes() == body.size() - 3);
  gatherer.append(Bytes(body).substr(3));
  const MessageRef message = gatherer.finish();
  check_message(*message);
}

TEST_CASE("references keep a message, however they are passed on") {
  const std::uint64_t before = Slab::alive_bytes();
  const std::string wire = names + properties + body;
  MessageRef first = MessageRef::gather(parts_at(wire.data()));
  MessageRef second = first;
  first.reset();
  MessageRef third = std::move(second);
  CHECK_FALSE(second);
  check_message(*third);
  third = MessageRef();
  CHECK(Slab::alive_bytes() == before);
}
