#include "amqp/expiration.hpp"

#include <charconv>

namespace tern::amqp {
namespace {

constexpr std::int64_t expiration_max = 315'360'000'000;  // ten years

}  // namespace

Expiration parse_expiration(Bytes text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  std::int64_t value = 0;
  const char* const digits = begin + (text.starts_with('+') ? 1 : 0);
  const auto [rest, error] = std::from_chars(digits, end, value);
  if (error == std::errc{} && rest == end && value >= 0 && value <= expiration_max)
    return {static_cast<std::uint64_t>(value), {}};
  const std::string shown(text);
  std::string fault = "invalid expiration '" + shown + "': ";
  if (error == std::errc::invalid_argument) {
    fault += "no_integer";
  } else if (rest != end) {
    fault += "{leftover_string,\"" + std::string(rest, end) + "\"}";
  } else if (error == std::errc::result_out_of_range || value > expiration_max) {
    fault += "{value_too_large," + shown + "}";
  } else {
    fault += "{value_negative," + shown + "}";
  }
  return {0, std::move(fault)};
}

}  // namespace tern::amqp
