#include "client/login.hpp"

#include <algorithm>

#include "base/version.hpp"
#include "client/convert.hpp"

namespace tern::client {

std::string client_properties(const ternmq::connection_options& options) {
  ternmq::table said{
      {"product", "TernMQ C++ client"},
      {"version", std::string(product_version)},
      {"platform", "C++20"},
      {"capabilities", ternmq::table{{"publisher_confirms", true},
                                     {"consumer_cancel_notify", true},
                                     {"exchange_exchange_bindings", true},
                                     {"basic.nack", true},
                                     {"connection.blocked", true},
                                     {"authentication_failure_close", true}}},
  };
  if (!options.connection_name.empty()) said.set("connection_name", options.connection_name);
  for (const auto& [name, value] : options.client_properties) said.set(name, value);
  return encode_entries(to_field_table(said));
}

std::string_view mechanism_name(ternmq::auth_mechanism mechanism) noexcept {
  return mechanism == ternmq::auth_mechanism::external ? "EXTERNAL" : "PLAIN";
}

std::string login_response(const ternmq::connection_options& options) {
  if (options.mechanism == ternmq::auth_mechanism::external) return {};
  std::string response(1, '\0');
  response += options.user;
  response += '\0';
  response += options.password;
  return response;
}

bool offers_mechanism(std::string_view list, ternmq::auth_mechanism mechanism) {
  const std::string_view wanted = mechanism_name(mechanism);
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == wanted) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace tern::client
