// Decoding headers into comparable values (header_fields.hpp).
#include "exchange/header_fields.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace tern::exchange {
namespace {

std::uint64_t hash_text(Bytes text) noexcept {
  return std::hash<Bytes>{}(text);
}

std::uint64_t hash_value(const HeaderValue& value) noexcept {
  const auto family = static_cast<std::uint8_t>(value.family);
  const std::uint64_t content = value.content.empty() ? 0 : hash_text(value.content);
  return (content ^ value.bits) * 0x9E3779B97F4A7C15ULL + family * 0xC2B2AE3D27D4EB4FULL;
}

std::uint64_t double_bits(double value) noexcept {
  // Zero has two representations that are equal.
  return std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
}

bool is_before(const HeaderField& left, const HeaderField& right) noexcept {
  if (left.name_hash != right.name_hash) return left.name_hash < right.name_hash;
  return left.name < right.name;
}

}  // namespace

HeaderValue to_header_value(const FieldView& field) noexcept {
  if (const auto integer = field.integer()) return {'l', static_cast<std::uint64_t>(*integer), {}};
  ByteReader reader(field.content);
  switch (field.tag) {
    case 'V':
      return {};
    case 't':
      return {'t', reader.u8() != 0 ? 1U : 0U, {}};
    case 'f':
      return {'d', double_bits(std::bit_cast<float>(reader.u32())), {}};
    case 'd':
      return {'d', double_bits(std::bit_cast<double>(reader.u64())), {}};
    default:
      return {field.tag, 0, field.content};
  }
}

HeaderField to_header_field(Bytes name, const FieldView& field) noexcept {
  HeaderField made{name, to_header_value(field), hash_text(name), 0};
  made.hash = made.name_hash;
  if (made.value.family != 'V') made.hash ^= std::rotl(hash_value(made.value), 23);
  return made;
}

void HeaderFields::decode(Bytes entries) {
  fields_.clear();
  TableView table(entries);
  while (const auto entry = table.next())
    fields_.push_back(to_header_field(entry->name, entry->value));
  // Fields of one name stay in the order of arrival: that is the order of their bytes. (A stable
  // sort would allocate.)
  std::sort(fields_.begin(), fields_.end(), [](const HeaderField& left, const HeaderField& right) {
    if (is_before(left, right)) return true;
    if (is_before(right, left)) return false;
    return std::less<>{}(left.name.data(), right.name.data());
  });
  const auto end = std::unique(
      fields_.begin(), fields_.end(),
      [](const HeaderField& left, const HeaderField& right) { return left.name == right.name; });
  fields_.erase(end, fields_.end());
}

const HeaderField* HeaderFields::find(const HeaderField& wanted) const noexcept {
  const auto at = std::lower_bound(fields_.begin(), fields_.end(), wanted, is_before);
  return at != fields_.end() && at->name == wanted.name ? &*at : nullptr;
}

}  // namespace tern::exchange
