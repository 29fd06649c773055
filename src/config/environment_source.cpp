// Environment variables: TERNMQ_* from the table of options, and the three of RabbitMQ's container
// image that name the first user and virtual host.
#include <fmt/format.h>

#include <array>
#include <cctype>

#include "base/ensure.hpp"
#include "config/nearest.hpp"
#include "config/sources.hpp"

namespace tern::config {

namespace {

constexpr std::string_view own_prefix = "TERNMQ_";
constexpr std::string_view file_variable = "TERNMQ_CONFIG";

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> rabbitmq_variables{
    {{"RABBITMQ_DEFAULT_USER", "default_user"},
     {"RABBITMQ_DEFAULT_PASS", "default_pass"},
     {"RABBITMQ_DEFAULT_VHOST", "default_vhost"}}};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Kubernetes gives every container NAME_SERVICE_HOST, NAME_SERVICE_PORT, NAME_PORT=tcp://… and
// NAME_PORT_5672_TCP_ADDR for each service of its namespace, and a service is soon named ternmq or
// ternmq-amqp. Those are not settings, though one may even have a setting's name.
bool is_service_link(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || contains(name, "_SERVICE_PORT")) return true;
  for (const auto scheme : {"tcp://", "udp://", "sctp://"}) {
    if (value.starts_with(scheme) && contains(name, "_PORT")) return true;
  }
  const auto port = name.find("_PORT_");
  if (port == std::string_view::npos) return false;
  auto rest = name.substr(port + std::string_view("_PORT_").size());
  const auto digits = rest;
  while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0) {
    rest.remove_prefix(1);
  }
  return rest.size() < digits.size() &&
         (rest.starts_with("_TCP") || rest.starts_with("_UDP") || rest.starts_with("_SCTP"));
}

const Option* option_of_variable(std::string_view name) {
  for (const Option& option : options()) {
    if (environment_name(option) == name) return &option;
  }
  return nullptr;
}

std::vector<std::string> known_variables() {
  std::vector<std::string> names;
  for (const Option& option : options()) names.push_back(environment_name(option));
  names.emplace_back(file_variable);
  return names;
}

void set(const Option& option, std::string_view name, std::string_view value, Config& config,
         Errors& errors) {
  const auto result = assign(option, config, value);
  if (result) return;
  errors.push_back("environment: " +
                   wrong_value({option, name, "=", value, Notation::plain}, result.error().text));
}

}  // namespace

void apply_environment(const Environment& environment, Config& config, Errors& errors) {
  for (const auto& [name, value] : environment) {
    for (const auto& [rabbitmq_name, key] : rabbitmq_variables) {
      // Compose files set variables to nothing to mean "not set".
      if (name != rabbitmq_name || value.empty()) continue;
      const Option* option = find_option(key);
      ensure(option != nullptr, "an option of RABBITMQ_DEFAULT_* is gone");
      set(*option, name, value, config, errors);
    }
  }
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(own_prefix) || name == file_variable) continue;
    if (is_service_link(name, value)) continue;
    if (const Option* option = option_of_variable(name)) {
      set(*option, name, value, config, errors);
    } else {
      errors.push_back(fmt::format("environment: unknown variable {}; the nearest valid one is {}",
                                   name, nearest(name, known_variables())));
    }
  }
}

}  // namespace tern::config
