#include "amqp/methods.hpp"

#include <algorithm>
#include <array>

#include "message/field_text.hpp"

namespace tern::amqp {
namespace {

template <class... Methods>
constexpr auto infos_of(MethodList<Methods...>) {
  return std::array{Methods::info...};
}
constexpr auto infos = infos_of(AllMethods{});

// Octets of a UTF-8 sequence by its first octet; 0 if none begins so.
std::size_t sequence_octets(std::uint8_t lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Whether the second octet keeps the sequence from being overlong, a surrogate or out of range.
bool is_second_in_range(std::uint8_t lead, std::uint8_t second) noexcept {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second <= 0x9F;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second <= 0x8F;
    default:
      return true;
  }
}

bool is_continuation(char octet) noexcept {
  return (static_cast<std::uint8_t>(octet) & 0xC0U) == 0x80U;
}

}  // namespace

bool is_utf8(Bytes text) noexcept {
  while (!text.empty()) {
    const auto lead = static_cast<std::uint8_t>(text[0]);
    if (lead < 0x80) [[likely]] {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t octets = sequence_octets(lead);
    if (octets == 0 || octets > text.size()) return false;
    const Bytes rest = text.substr(1, octets - 1);
    if (!std::all_of(rest.begin(), rest.end(), is_continuation)) return false;
    if (!is_second_in_range(lead, static_cast<std::uint8_t>(rest[0]))) return false;
    text.remove_prefix(octets);
  }
  return true;
}

const MethodInfo* find_method(MethodId id) noexcept {
  const auto* found = std::find_if(infos.begin(), infos.end(),
                                   [id](const MethodInfo& info) { return info.id == id; });
  return found == infos.end() ? nullptr : found;
}

std::optional<ConnectionError> to_connection_error(const MethodFault& fault, Bytes payload) {
  switch (fault.kind) {
    case MethodFault::unknown_method:
      return std::nullopt;
    case MethodFault::invalid_utf8:
      return ConnectionError(ReplyCode::frame_error, "Malformed UTF-8 in shortstr");
    case MethodFault::malformed:
      break;
  }
  const Bytes arguments = payload.substr(std::min<std::size_t>(payload.size(), 4));
  return ConnectionError(ReplyCode::frame_error, "cannot decode " + erlang_numbers(arguments),
                         fault.method);
}

}  // namespace tern::amqp
