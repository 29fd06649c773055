// Fuzzes shared blocks as a damaged disk would show them: messages lie inside the value, ranges are
// the right way round, and a block that is read whole survives a round trip.
#include "base/ensure.hpp"
#include "storage/block.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

struct SharedBlock {
  std::vector<SharedBy> users;
  std::vector<MessageParts> messages;  // views into the value
  bool is_whole = false;
};

bool lies_in(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

SharedBlock read(Bytes value) {
  SharedBlock block;
  SharedReader reader(value);
  block.users = reader.users();
  const std::uint64_t count = reader.count();
  for (MessageParts message; reader.next(message);) {
    ensure(lies_in(message.names, value), "names outside of the value");
    ensure(lies_in(message.properties, value), "properties outside of the value");
    ensure(lies_in(message.body, value), "body outside of the value");
    block.messages.push_back(message);
  }
  MessageParts message;
  ensure(!reader.next(message), "there is something behind the end");
  block.is_whole = reader.ok();
  if (!block.is_whole) return block;
  ensure(block.messages.size() == count, "read another number of messages");
  for (const SharedBy& user : block.users) ensure(user.first < user.last + 1, "range upside down");
  return block;
}

std::string write(const SharedBlock& block) {
  std::string value;
  encode_shared_head(value, block.users, block.messages.size());
  ValueWriter writer;
  Time received{};
  for (const MessageParts& message : block.messages) write_message(writer, message, received);
  std::vector<Bytes> parts;
  writer.parts(parts);
  for (const Bytes part : parts) value.append(part);
  return value;
}

void check_same(const MessageParts& left, const MessageParts& right) {
  ensure(left.names == right.names, "names changed by a round trip");
  ensure(left.properties == right.properties, "properties changed by a round trip");
  ensure(left.body == right.body, "body changed by a round trip");
  ensure(left.persistent == right.persistent, "persistence changed by a round trip");
  ensure(left.priority == right.priority, "priority changed by a round trip");
  ensure(left.has_ttl == right.has_ttl, "expiration changed by a round trip");
  ensure(left.ttl_ms == right.ttl_ms, "expiration changed by a round trip");
  ensure(left.is_timed == right.is_timed, "wish for a later delivery changed by a round trip");
  ensure(left.received == right.received, "time changed by a round trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes value(reinterpret_cast<const char*>(data), size);
  const SharedBlock block = read(value);
  if (!block.is_whole) return 0;
  ensure(!read(std::string(value) + '\0').is_whole, "whole with an octet too many");
  const std::string encoded = write(block);
  const SharedBlock again = read(encoded);
  ensure(again.is_whole, "own encoding refused");
  ensure(again.users == block.users, "users changed by a round trip");
  ensure(again.messages.size() == block.messages.size(), "number of messages changed");
  for (std::size_t i = 0; i < block.messages.size(); ++i)
    check_same(block.messages[i], again.messages[i]);
  ensure(write(again) == encoded, "value changed by a round trip");
  return 0;
}
