// Encoding and decoding of one method from its list of fields (method_fields.hpp). Pure templates;
// no allocation except by the string that is appended to.
#pragma once

#include <optional>
#include <string>

#include "amqp/method_fields.hpp"
#include "message/field_table.hpp"

namespace tern::amqp {

/// Why the payload of a method frame was refused.
struct MethodFault {
  enum Kind : std::uint8_t {
    unknown_method,  ///< no such class or method
    malformed,       ///< arguments cut short, too long, or with a broken table
    invalid_utf8,    ///< a short string that is not UTF-8, in a method without content
  };
  Kind kind = malformed;
  MethodId method;
};

[[nodiscard]] bool is_utf8(Bytes text) noexcept;

/// Class and method id at the front of a method frame's payload.
[[nodiscard]] inline std::optional<MethodId> read_method_id(Bytes payload) noexcept {
  if (payload.size() < 4) return std::nullopt;
  return MethodId{load_big_endian<std::uint16_t>(payload.data()),
                  load_big_endian<std::uint16_t>(payload.data() + 2)};
}

namespace detail {

// Reads fields one after the other; adjacent bits come out of one octet.
struct FieldDecoder {
  ByteReader reader;
  unsigned bit = 8;  // next bit of `bits`; 8: take a new octet
  std::uint8_t bits = 0;
  bool broken_table = false;
  bool broken_text = false;
  bool check_text = true;

  void read(bool& field) noexcept {
    if (bit == 8) {
      bits = reader.u8();
      bit = 0;
    }
    field = (bits >> bit++ & 1U) != 0;
  }
  template <std::unsigned_integral T>
  void read(T& field) noexcept {
    bit = 8;
    field = reader.number<T>();
  }
  void read(std::string_view& field) noexcept {
    bit = 8;
    field = reader.short_string();
    if (check_text) broken_text |= !is_utf8(field);
  }
  void read(LongString& field) noexcept {
    bit = 8;
    field = reader.long_string();
  }
  void read(TableEntries& field) noexcept {
    bit = 8;
    field = reader.long_string();
    if (!field.empty()) broken_table |= validate_entries(field).has_error();
  }
};

// Appends fields one after the other, or only counts their octets (Out = std::size_t).
template <class Out>
struct FieldEncoder {
  Out& out;
  unsigned bit = 8;

  void write(bool field) {
    if (bit == 8) {
      put_octets(1);
      bit = 0;
    }
    if constexpr (!std::same_as<Out, std::size_t>)
      out.back() = static_cast<char>(out.back() | (field ? 1U << bit : 0U));
    ++bit;
  }
  template <std::unsigned_integral T>
  void write(T field) {
    bit = 8;
    if constexpr (std::same_as<Out, std::size_t>)
      out += sizeof(T);
    else
      append_number(out, field);
  }
  void write(std::string_view field) {
    bit = 8;
    if constexpr (std::same_as<Out, std::size_t>)
      out += 1 + field.size();
    else
      append_short_string(out, field);
  }
  void write(const LongString& field) { write_long(field); }
  void write(const TableEntries& field) { write_long(field); }

 private:
  void write_long(Bytes field) {
    bit = 8;
    if constexpr (std::same_as<Out, std::size_t>)
      out += 4 + field.size();
    else
      append_long_string(out, field);
  }
  void put_octets(std::size_t count) {
    if constexpr (std::same_as<Out, std::size_t>)
      out += count;
    else
      out.append(count, '\0');
  }
};

}  // namespace detail

/// Decodes arguments (what follows class and method id) into `method`; all octets must be used, and
/// tables be well-formed. Short strings must be UTF-8 unless content follows, as in RabbitMQ.
template <class Method>
[[nodiscard]] std::optional<MethodFault::Kind> decode_arguments(Bytes arguments,
                                                                Method& method) noexcept {
  detail::FieldDecoder decoder{.reader = ByteReader(arguments),
                               .check_text = !Method::info.has_content};
  std::apply([&](auto&... field) { (decoder.read(field), ...); }, Method::fields(method));
  if (decoder.reader.has_failed() || !decoder.reader.is_at_end() || decoder.broken_table)
      [[unlikely]]
    return MethodFault::malformed;
  if (decoder.broken_text) [[unlikely]]
    return MethodFault::invalid_utf8;
  return std::nullopt;
}

/// Octets of a method frame's payload: ids and arguments.
template <class Method>
[[nodiscard]] std::size_t method_bytes(const Method& method) {
  std::size_t bytes = 4;
  detail::FieldEncoder<std::size_t> encoder{bytes};
  std::apply([&](const auto&... field) { (encoder.write(field), ...); }, Method::fields(method));
  return bytes;
}

/// Appends a method frame's payload: ids and arguments. Short strings have at most 255 octets.
template <class Method>
void append_method(std::string& out, const Method& method) {
  append_number(out, Method::info.id.class_id);
  append_number(out, Method::info.id.method_id);
  detail::FieldEncoder<std::string> encoder{out};
  std::apply([&](const auto&... field) { (encoder.write(field), ...); }, Method::fields(method));
}

}  // namespace tern::amqp
