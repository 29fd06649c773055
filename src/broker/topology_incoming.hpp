// What an import brings, by name, so that parts of it may refer to each other before anything is
// taken over. Internal to Topology.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "broker/topology.hpp"

namespace tern::broker {

struct Topology::Incoming {
  struct Vhost {
    std::unordered_map<std::string, const ExchangeSpec*> exchanges;
    std::unordered_map<std::string, const QueueSpec*> queues;
  };
  std::unordered_map<std::string, Vhost> vhosts;  ///< also those that are there already
  std::unordered_set<std::string> users;

  /// The type of an exchange that every virtual host has; nothing for other names.
  [[nodiscard]] static std::optional<std::string> predeclared_type(std::string_view name);

  [[nodiscard]] const ExchangeSpec* find_exchange(const std::string& vhost,
                                                  const std::string& name) const {
    const auto host = vhosts.find(vhost);
    if (host == vhosts.end()) return nullptr;
    const auto at = host->second.exchanges.find(name);
    return at == host->second.exchanges.end() ? nullptr : at->second;
  }
  [[nodiscard]] const QueueSpec* find_queue(const std::string& vhost,
                                            const std::string& name) const {
    const auto host = vhosts.find(vhost);
    if (host == vhosts.end()) return nullptr;
    const auto at = host->second.queues.find(name);
    return at == host->second.queues.end() ? nullptr : at->second;
  }
};

}  // namespace tern::broker
