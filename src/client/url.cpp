// amqp:// and amqps:// URLs, as RabbitMQ's URI specification has them:
//
//   amqp[s]://[user[:password]@]host[:port][/vhost][?name=value&...]
//
// Percent signs are decoded in every part. No vhost, or a slash and nothing, leaves the default
// one: the specification says that the latter is the vhost without a name, but nobody has such a
// vhost, many write the slash, and other clients read it so, too.
#include <charconv>
#include <optional>

#include "ternmq/options.hpp"

namespace ternmq {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      result += text[at];
      continue;
    }
    unsigned code = 0;
    const char* digits = text.data() + at + 1;
    if (at + 2 >= text.size() || std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2)
      return std::nullopt;
    result += static_cast<char>(code);
    at += 2;
  }
  return result;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// Takes what stands before `separator` away from the front; nothing if it is not there.
std::optional<std::string_view> cut(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view front = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return front;
}

bool read_parameter(std::string_view name, const std::string& value, connection_options& options) {
  std::int64_t number = 0;
  const auto text = [&](std::string& into) {
    into = value;
    return true;
  };
  if (name == "cacertfile") return text(options.tls.ca_file);
  if (name == "certfile") return text(options.tls.certificate_file);
  if (name == "keyfile") return text(options.tls.key_file);
  if (name == "server_name_indication") return text(options.tls.server_name);
  if (name == "connection_name") return text(options.connection_name);
  if (name == "channel_max") return read_number(value, options.channel_max);
  if (name == "frame_max") return read_number(value, options.frame_max);
  if (name == "verify") {
    options.tls.verify_peer = value != "verify_none";
    return value == "verify_none" || value == "verify_peer";
  }
  if (name == "auth_mechanism") {
    options.mechanism = value == "external" ? auth_mechanism::external : auth_mechanism::plain;
    return value == "external" || value == "plain";
  }
  if (name == "heartbeat") {
    if (!read_number(value, number) || number < 0) return false;
    options.heartbeat = std::chrono::seconds(number);
    return true;
  }
  if (name == "connection_timeout") {
    if (!read_number(value, number) || number < 0) return false;
    options.connect_timeout = std::chrono::milliseconds(number);
    return true;
  }
  // Parameters of other clients are none of our business.
  return true;
}

// Host and port, with an IPv6 address in brackets.
bool read_authority(std::string_view authority, endpoint& to) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    to.host = std::string(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return false;
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t colon = authority.find(':');
    const auto host = decoded(authority.substr(0, colon));
    if (!host) return false;
    to.host = host->empty() ? "localhost" : *host;
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  return port.empty() || read_number(port, to.port);
}

bool read_login(std::string_view login, connection_options& options) {
  const auto user = cut(login, ':');
  const auto name = decoded(user.value_or(login));
  if (!name) return false;
  options.user = *name;
  if (!user) return true;
  const auto password = decoded(login);
  if (password) options.password = *password;
  return password.has_value();
}

bool read_url(std::string_view url, connection_options& options) {
  endpoint to;
  if (url.starts_with("amqps://")) {
    to.tls = true;
    to.port = 5671;
    url.remove_prefix(8);
  } else if (url.starts_with("amqp://")) {
    url.remove_prefix(7);
  } else {
    return false;
  }
  std::string_view parameters;
  if (const std::size_t at = url.find('?'); at != std::string_view::npos) {
    parameters = url.substr(at + 1);
    url = url.substr(0, at);
  }
  if (const std::size_t at = url.find('/'); at != std::string_view::npos) {
    const auto vhost = decoded(url.substr(at + 1));
    if (!vhost) return false;
    if (!vhost->empty()) options.vhost = *vhost;
    url = url.substr(0, at);
  }
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    if (!read_login(url.substr(0, at), options)) return false;
    url = url.substr(at + 1);
  }
  if (!read_authority(url, to)) return false;
  options.endpoints = {to};
  while (!parameters.empty()) {
    std::string_view one = parameters;
    if (const auto front = cut(parameters, '&'))
      one = *front;
    else
      parameters = {};
    const auto name = cut(one, '=');
    const auto value = decoded(one);
    if (!name || !value || !read_parameter(*name, *value, options)) return false;
  }
  return true;
}

}  // namespace

error_info parse_url(std::string_view url, connection_options& options) {
  connection_options read = options;
  if (!read_url(url, read))
    // The URL itself may hold a password, so it is not repeated.
    return {.code = make_error_code(errc::invalid_url),
            .text = "not an URL like amqp://user:password@host:port/vhost"};
  options = std::move(read);
  return {};
}

connection_options connection_options::from_url(std::string_view url) {
  connection_options options;
  if (const error_info error = parse_url(url, options)) throw failure(error);
  return options;
}

connection_options connection_options::from_urls(const std::vector<std::string>& urls) {
  connection_options options;
  std::vector<endpoint> endpoints;
  for (const std::string& url : urls) {
    const connection_options one = from_url(url);
    if (endpoints.empty()) options = one;
    endpoints.push_back(one.endpoints.front());
  }
  if (!endpoints.empty()) options.endpoints = std::move(endpoints);
  return options;
}

}  // namespace ternmq
