// The steps of the handshake, and what the server says of itself.
#include "amqp/handshake.hpp"

#include <optional>

#include "base/log.hpp"
#include "message/table_view.hpp"

namespace tern::amqp {
namespace {

struct Login {
  Bytes user;
  Bytes password;
};

// NUL-separated: whom to act for (ignored, as RabbitMQ does), user, password.
std::optional<Login> parse_plain(Bytes response) {
  const auto first = response.find('\0');
  if (first == Bytes::npos) return std::nullopt;
  const auto second = response.find('\0', first + 1);
  if (second == Bytes::npos) return std::nullopt;
  return Login{response.substr(first + 1, second - first - 1), response.substr(second + 1)};
}

// The entries of a table with LOGIN and PASSWORD.
std::optional<Login> parse_amqplain(Bytes response) {
  if (validate_entries(response).has_error()) return std::nullopt;
  const TableView table(response);
  const auto user = table.find("LOGIN");
  const auto password = table.find("PASSWORD");
  if (!user || !password || !user->text() || !password->text()) return std::nullopt;
  return Login{*user->text(), *password->text()};
}

std::optional<Login> parse_login(std::string_view mechanism, Bytes response) {
  if (mechanism == "PLAIN") return parse_plain(response);
  if (mechanism == "AMQPLAIN") return parse_amqplain(response);
  return std::nullopt;
}

std::string server_properties(const ConnectionOptions& options) {
  FieldTable capabilities;
  for (const char* name : {"publisher_confirms", "exchange_exchange_bindings", "basic.nack",
                           "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
                           "authentication_failure_close", "per_consumer_qos", "direct_reply_to"})
    capabilities.add(name, true);
  FieldTable table;
  table.add("capabilities", std::move(capabilities));
  table.add("cluster_name", options.cluster_name);
  if (options.present_as_rabbitmq) {
    // Clients choose their dialect by product and version, so these are RabbitMQ's to the letter.
    table.add("copyright",
              "Copyright (c) 2007-2024 Broadcom Inc and/or its subsidiaries. All rights reserved.");
    table.add("information", "Licensed under the MPL 2.0. Website: https://rabbitmq.com");
    table.add("platform", "Erlang/OTP 26.2.5");
    table.add("product", "RabbitMQ");
    table.add("version", "3.13.7");
  } else {
    table.add("platform", "C++");
    table.add("product", "TernMQ");
    table.add("version", options.version);
  }
  table.add("ternmq_product", "TernMQ");
  table.add("ternmq_version", options.version);
  return encode_entries(table);
}

}  // namespace

void Handshake::start() {
  const std::string properties = server_properties(context_.options);
  context_.send(0, ConnectionStart{.version_major = 0,
                                   .version_minor = 9,
                                   .server_properties = properties,
                                   .mechanisms = "PLAIN AMQPLAIN",
                                   .locales = "en_US"});
}

Handshake::Verdict Handshake::on(const ConnectionStartOk& method) {
  if (step_ != Step::start_ok) return Verdict::hang_up;
  note_capabilities(method.client_properties);
  const auto login = parse_login(method.mechanism, method.response);
  if (!login) return Verdict::hang_up;
  const auto user = context_.broker().authenticate(login->user, login->password, peer_is_loopback_);
  if (!user) {
    static LogLimiter limiter;
    log_limited(limiter, LogLevel::warn, "amqp", "login refused user={} reason={}", login->user,
                user.error().text);
    if (!context_.client.authentication_failure_close) return Verdict::hang_up_later;
    answers_faults_ = true;
    throw ConnectionError(ReplyCode::access_refused,
                          "Login was refused using authentication mechanism " +
                              std::string(method.mechanism) +
                              ". For details see the broker logfile.");
  }
  context_.caller.user = *user;
  step_ = Step::tune_ok;
  const ConnectionOptions& options = context_.options;
  context_.send(0, ConnectionTune{.channel_max = options.channel_max,
                                  .frame_max = options.frame_max,
                                  .heartbeat = options.heartbeat_seconds});
  return Verdict::go_on;
}

void Handshake::note_capabilities(TableEntries client_properties) {
  const auto capabilities = TableView(client_properties).find("capabilities");
  if (!capabilities || capabilities->tag != 'F') return;
  const TableView table(capabilities->content);
  const auto has = [&](Bytes name) {
    const auto field = table.find(name);
    return field && field->tag == 't' && field->content != Bytes("\0", 1);
  };
  context_.client = {.authentication_failure_close = has("authentication_failure_close"),
                     .consumer_cancel_notify = has("consumer_cancel_notify"),
                     .connection_blocked = has("connection.blocked")};
}

Handshake::Verdict Handshake::on(const ConnectionTuneOk& method) {
  if (step_ != Step::tune_ok) return Verdict::hang_up;
  const ConnectionOptions& options = context_.options;
  // 0 would mean "no limit", which is above the server's.
  const bool channels_fit = method.channel_max != 0 && method.channel_max <= options.channel_max;
  const bool frames_fit =
      method.frame_max >= frame_bytes_min && method.frame_max <= options.frame_max;
  if (!channels_fit || !frames_fit) return Verdict::hang_up;
  channel_max_ = method.channel_max;
  context_.frame_max = method.frame_max;
  heartbeat_seconds_ = method.heartbeat;
  answers_faults_ = true;
  step_ = Step::open;
  return Verdict::go_on;
}

Handshake::Verdict Handshake::on(const ConnectionOpen& method) {
  if (step_ != Step::open) return Verdict::hang_up;
  const auto vhost = context_.broker().open_vhost(context_.caller.session, *context_.caller.user,
                                                  method.virtual_host);
  if (!vhost) throw_broker_error(vhost.error(), ConnectionOpen::info.id);
  context_.caller.vhost = *vhost;
  context_.vhost = method.virtual_host;
  context_.send(0, ConnectionOpenOk{});
  return Verdict::opened;
}

}  // namespace tern::amqp
