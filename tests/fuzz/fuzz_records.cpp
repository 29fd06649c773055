// Fuzzes topology records as a damaged disk would show them: one octet says how many of those
// behind it are the key, the rest is the value. What is decoded has just that key, and survives a
// round trip.
#include "base/ensure.hpp"
#include "broker/record_codec.hpp"

using namespace tern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Bytes key = input.substr(0, data[0]);
  const Bytes value = input.substr(key.size());
  const auto record = broker::decode_record(key, value);
  if (!record) {
    ensure(!record.error().text.empty(), "refused without a reason");
    return 0;
  }
  const auto encode = [](const auto& thing) { return broker::encode_record(thing); };
  const storage::Record encoded = std::visit(encode, *record);
  ensure(encoded.key == key, "a record moved to another key");
  const auto again = broker::decode_record(encoded.key, *encoded.value);
  ensure(again.has_value(), "what was encoded cannot be decoded");
  const storage::Record encoded_again = std::visit(encode, *again);
  ensure(encoded_again.key == encoded.key, "key changed by a round trip");
  ensure(encoded_again.value == encoded.value, "value changed by a round trip");
  return 0;
}
