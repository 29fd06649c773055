#include "broker/server_names.hpp"

#include "base/base64.hpp"
#include "base/bytes.hpp"

namespace tern::broker {

std::string make_server_name(std::string_view prefix, RandomSource& random) {
  char bytes[16];
  store_big_endian(bytes, std::uint64_t{random()});
  store_big_endian(bytes + 8, std::uint64_t{random()});
  return std::string(prefix) + encode_base64url(Bytes(bytes, sizeof bytes));
}

}  // namespace tern::broker
