// The reply codes of AMQP 0-9-1 in one table: number, name, and whether an error with that code
// ends the channel or the whole connection. Pure data.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tern::amqp {

enum class ReplyCode : std::uint16_t {
  reply_success = 200,
  content_too_large = 311,
  no_route = 312,
  no_consumers = 313,
  connection_forced = 320,
  invalid_path = 402,
  access_refused = 403,
  not_found = 404,
  resource_locked = 405,
  precondition_failed = 406,
  frame_error = 501,
  syntax_error = 502,
  command_invalid = 503,
  channel_error = 504,
  unexpected_frame = 505,
  resource_error = 506,
  not_allowed = 530,
  not_implemented = 540,
  internal_error = 541,
};

enum class ErrorScope : std::uint8_t { none, channel, connection };

struct ReplyCodeInfo {
  ReplyCode code;
  std::string_view name;
  ErrorScope scope;
};

inline constexpr std::array reply_codes = {
    ReplyCodeInfo{ReplyCode::reply_success, "REPLY_SUCCESS", ErrorScope::none},
    ReplyCodeInfo{ReplyCode::content_too_large, "CONTENT_TOO_LARGE", ErrorScope::channel},
    ReplyCodeInfo{ReplyCode::no_route, "NO_ROUTE", ErrorScope::channel},
    ReplyCodeInfo{ReplyCode::no_consumers, "NO_CONSUMERS", ErrorScope::channel},
    ReplyCodeInfo{ReplyCode::connection_forced, "CONNECTION_FORCED", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::invalid_path, "INVALID_PATH", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::access_refused, "ACCESS_REFUSED", ErrorScope::channel},
    ReplyCodeInfo{ReplyCode::not_found, "NOT_FOUND", ErrorScope::channel},
    ReplyCodeInfo{ReplyCode::resource_locked, "RESOURCE_LOCKED", ErrorScope::channel},
    ReplyCodeInfo{ReplyCode::precondition_failed, "PRECONDITION_FAILED", ErrorScope::channel},
    ReplyCodeInfo{ReplyCode::frame_error, "FRAME_ERROR", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::syntax_error, "SYNTAX_ERROR", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::command_invalid, "COMMAND_INVALID", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::channel_error, "CHANNEL_ERROR", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::unexpected_frame, "UNEXPECTED_FRAME", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::resource_error, "RESOURCE_ERROR", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::not_allowed, "NOT_ALLOWED", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::not_implemented, "NOT_IMPLEMENTED", ErrorScope::connection},
    ReplyCodeInfo{ReplyCode::internal_error, "INTERNAL_ERROR", ErrorScope::connection},
};

[[nodiscard]] constexpr const ReplyCodeInfo& info_of(ReplyCode code) noexcept {
  for (const auto& info : reply_codes)
    if (info.code == code) return info;
  return reply_codes.back();
}

}  // namespace tern::amqp
