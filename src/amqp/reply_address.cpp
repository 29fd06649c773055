// base64url, and what is made of it.
#include "amqp/reply_address.hpp"

#include <random>

#include "amqp/transport.hpp"
#include "base/bytes.hpp"

namespace tern::amqp {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t address_bytes = 2 + 8 + 4 + 8;

void append_base64(std::string& out, Bytes bytes) {
  std::uint32_t bits = 0;
  int count = 0;
  for (const char octet : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(octet);
    for (count += 8; count >= 6; count -= 6) out += alphabet[bits >> (count - 6) & 63U];
  }
  if (count > 0) out += alphabet[bits << (6 - count) & 63U];
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char letter : text) {
    const auto value = alphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 255U);
  }
  return out;
}

}  // namespace

std::uint64_t random_bits() {
  thread_local std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

std::string encode_reply_address(const broker::ReplyAddress& address) {
  char bytes[address_bytes];
  store_big_endian(bytes, raw(address.session.shard));
  store_big_endian(bytes + 2, address.session.number);
  store_big_endian(bytes + 10, address.consumer);
  store_big_endian(bytes + 14, address.key);
  std::string name(reply_address_prefix);
  append_base64(name, {bytes, sizeof(bytes)});
  return name;
}

std::optional<broker::ReplyAddress> decode_reply_address(std::string_view name) {
  if (!name.starts_with(reply_address_prefix)) return std::nullopt;
  const auto bytes = decode_base64(name.substr(reply_address_prefix.size()));
  if (!bytes || bytes->size() != address_bytes) return std::nullopt;
  const char* from = bytes->data();
  broker::ReplyAddress address;
  address.session.shard = ShardId{load_big_endian<std::uint16_t>(from)};
  address.session.number = load_big_endian<std::uint64_t>(from + 2);
  address.consumer = load_big_endian<std::uint32_t>(from + 10);
  address.key = load_big_endian<std::uint64_t>(from + 14);
  return address;
}

std::string random_name(std::string_view prefix, std::uint64_t high, std::uint64_t low) {
  char bytes[16];
  store_big_endian(bytes, high);
  store_big_endian(bytes + 8, low);
  std::string name(prefix);
  append_base64(name, {bytes, sizeof(bytes)});
  return name;
}

}  // namespace tern::amqp
