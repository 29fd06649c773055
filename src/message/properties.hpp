// The fourteen properties of a message, as they stand in a content header: a 16-bit word of flags,
// then the values of those present, in this order. They are scanned once when a message arrives
// and stay encoded in it (Message::properties()). Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "message/field_table.hpp"

namespace tern {

class Message;

/// In wire order; the flag of property n is bit 15 - n.
enum class Property : std::uint8_t {
  content_type,
  content_encoding,
  headers,
  delivery_mode,
  priority,
  correlation_id,
  reply_to,
  expiration,
  message_id,
  timestamp,
  type,
  user_id,
  app_id,
  cluster_id,
};
inline constexpr std::size_t property_count = 14;

/// Flags and list of a message without properties.
inline constexpr Bytes no_properties{"\0\0", 2};

/// Decoded properties as views into the encoded bytes. Also the way to edit them: decode, set and
/// clear, encode_properties(). Whatever set() was given must live until then.
class PropertiesView {
 public:
  enum class Headers : std::uint8_t {
    check,  ///< walk the headers table: bytes that came from a client
    trust,  ///< take it as it is: bytes that were checked before
  };

  PropertiesView() = default;  ///< no property

  /// Scans flags and list; all bytes must be used. Allocates nothing.
  [[nodiscard]] static Decoded<PropertiesView> decode(Bytes encoded,
                                                      Headers headers = Headers::check) noexcept;

  /// Those of a message: they were checked when it arrived. Valid as long as the message.
  [[nodiscard]] static PropertiesView of(const Message& message) noexcept;

  [[nodiscard]] bool has(Property property) const noexcept {
    return (flags_ & flag(property)) != 0;
  }
  /// Text of a string property, entries of headers; empty if absent. Not for the three numbers.
  [[nodiscard]] Bytes get(Property property) const noexcept {
    return values_[static_cast<std::size_t>(property)];
  }
  /// The headers' entries (table_view.hpp), empty if absent.
  [[nodiscard]] Bytes headers() const noexcept { return get(Property::headers); }
  /// 0 if absent.
  [[nodiscard]] std::uint8_t delivery_mode() const noexcept { return delivery_mode_; }
  [[nodiscard]] bool is_persistent() const noexcept { return delivery_mode_ == 2; }
  /// 0 if absent.
  [[nodiscard]] std::uint8_t priority() const noexcept { return priority_; }
  /// Seconds since the epoch, 0 if absent.
  [[nodiscard]] std::uint64_t timestamp() const noexcept { return timestamp_; }

  /// Sets a string property (at most 255 octets) or the headers' entries.
  void set(Property property, Bytes value) noexcept;
  void set_delivery_mode(std::uint8_t mode) noexcept;
  void set_priority(std::uint8_t priority) noexcept;
  void set_timestamp(std::uint64_t seconds) noexcept;
  void clear(Property property) noexcept;

 private:
  friend std::string encode_properties(const PropertiesView& view);
  static constexpr std::uint16_t flag(Property property) noexcept {
    return static_cast<std::uint16_t>(0x8000U >> static_cast<unsigned>(property));
  }
  Decoded<void> read_value(ByteReader& reader, Property property, Headers headers) noexcept;

  std::uint16_t flags_ = 0;
  std::uint8_t delivery_mode_ = 0;
  std::uint8_t priority_ = 0;
  std::uint64_t timestamp_ = 0;
  std::array<Bytes, property_count> values_{};
};

/// Flags and list, for Message and content headers.
[[nodiscard]] std::string encode_properties(const PropertiesView& view);

/// Owned properties, for code that makes messages (the client, tests, the HTTP API).
struct Properties {
  std::optional<std::string> content_type;
  std::optional<std::string> content_encoding;
  std::optional<FieldTable> headers;
  std::optional<std::uint8_t> delivery_mode;
  std::optional<std::uint8_t> priority;
  std::optional<std::string> correlation_id;
  std::optional<std::string> reply_to;
  std::optional<std::string> expiration;
  std::optional<std::string> message_id;
  std::optional<std::uint64_t> timestamp;
  std::optional<std::string> type;
  std::optional<std::string> user_id;
  std::optional<std::string> app_id;
  std::optional<std::string> cluster_id;

  friend bool operator==(const Properties&, const Properties&) = default;
};

/// Flags and list. String properties have at most 255 octets.
[[nodiscard]] std::string encode_properties(const Properties& properties);
/// An owned copy of what the view shows.
[[nodiscard]] Decoded<Properties> to_properties(const PropertiesView& view);

}  // namespace tern
