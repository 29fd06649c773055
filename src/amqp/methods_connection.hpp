// Methods of the classes connection, channel and access (the last answered for old clients only).
// Part of the table of methods (methods.hpp); the form of an entry is explained in
// method_fields.hpp.
#pragma once

#include "amqp/method_fields.hpp"

namespace tern::amqp {

struct ConnectionStart {
  std::uint8_t version_major = 0;
  std::uint8_t version_minor = 0;
  TableEntries server_properties{};
  LongString mechanisms{};
  LongString locales{};

  static constexpr MethodInfo info{{10, 10}, "connection.start"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.version_major, m.version_minor, m.server_properties, m.mechanisms, m.locales);
  }
};

struct ConnectionStartOk {
  TableEntries client_properties{};
  std::string_view mechanism{};
  LongString response{};
  std::string_view locale{};

  static constexpr MethodInfo info{{10, 11}, "connection.start-ok"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.client_properties, m.mechanism, m.response, m.locale);
  }
};

struct ConnectionSecure {
  LongString challenge{};

  static constexpr MethodInfo info{{10, 20}, "connection.secure"};
  static constexpr auto fields(auto& m) { return std::tie(m.challenge); }
};

struct ConnectionSecureOk {
  LongString response{};

  static constexpr MethodInfo info{{10, 21}, "connection.secure-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.response); }
};

struct ConnectionTune {
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;

  static constexpr MethodInfo info{{10, 30}, "connection.tune"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.channel_max, m.frame_max, m.heartbeat);
  }
};

struct ConnectionTuneOk {
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;

  static constexpr MethodInfo info{{10, 31}, "connection.tune-ok"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.channel_max, m.frame_max, m.heartbeat);
  }
};

struct ConnectionOpen {
  std::string_view virtual_host{};
  std::string_view reserved_1{};
  bool reserved_2 = false;

  static constexpr MethodInfo info{{10, 40}, "connection.open"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.virtual_host, m.reserved_1, m.reserved_2);
  }
};

struct ConnectionOpenOk {
  std::string_view reserved_1{};

  static constexpr MethodInfo info{{10, 41}, "connection.open-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct ConnectionClose {
  std::uint16_t reply_code = 0;
  std::string_view reply_text{};
  std::uint16_t about_class = 0;  ///< of the method that caused it, or 0
  std::uint16_t about_method = 0;

  static constexpr MethodInfo info{{10, 50}, "connection.close"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reply_code, m.reply_text, m.about_class, m.about_method);
  }
};

struct ConnectionCloseOk {
  static constexpr MethodInfo info{{10, 51}, "connection.close-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct ConnectionBlocked {
  std::string_view reason{};

  static constexpr MethodInfo info{{10, 60}, "connection.blocked"};
  static constexpr auto fields(auto& m) { return std::tie(m.reason); }
};

struct ConnectionUnblocked {
  static constexpr MethodInfo info{{10, 61}, "connection.unblocked"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct ConnectionUpdateSecret {
  LongString new_secret{};
  std::string_view reason{};

  static constexpr MethodInfo info{{10, 70}, "connection.update-secret"};
  static constexpr auto fields(auto& m) { return std::tie(m.new_secret, m.reason); }
};

struct ConnectionUpdateSecretOk {
  static constexpr MethodInfo info{{10, 71}, "connection.update-secret-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct ChannelOpen {
  std::string_view reserved_1{};

  static constexpr MethodInfo info{{20, 10}, "channel.open"};
  static constexpr auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct ChannelOpenOk {
  LongString reserved_1{};

  static constexpr MethodInfo info{{20, 11}, "channel.open-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct ChannelFlow {
  bool active = false;

  static constexpr MethodInfo info{{20, 20}, "channel.flow"};
  static constexpr auto fields(auto& m) { return std::tie(m.active); }
};

struct ChannelFlowOk {
  bool active = false;

  static constexpr MethodInfo info{{20, 21}, "channel.flow-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.active); }
};

struct ChannelClose {
  std::uint16_t reply_code = 0;
  std::string_view reply_text{};
  std::uint16_t about_class = 0;  ///< of the method that caused it, or 0
  std::uint16_t about_method = 0;

  static constexpr MethodInfo info{{20, 40}, "channel.close"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reply_code, m.reply_text, m.about_class, m.about_method);
  }
};

struct ChannelCloseOk {
  static constexpr MethodInfo info{{20, 41}, "channel.close-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct AccessRequest {
  std::string_view realm{};
  bool exclusive = false;
  bool passive = false;
  bool active = false;
  bool write = false;
  bool read = false;

  static constexpr MethodInfo info{{30, 10}, "access.request"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.realm, m.exclusive, m.passive, m.active, m.write, m.read);
  }
};

struct AccessRequestOk {
  std::uint16_t ticket = 0;

  static constexpr MethodInfo info{{30, 11}, "access.request-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.ticket); }
};

}  // namespace tern::amqp
