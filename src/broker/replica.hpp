// Replica: one shard's copy of the topology, for reading without a lock. It knows names and routes;
// it decides nothing (topology.hpp does) and changes only by the writer's deltas.
//
// Why replicas fed by deltas and not a shared snapshot: a publish reads plain memory of its own
// shard, and a declare costs each shard one map insertion however many queues there are. The
// records themselves are shared between all replicas.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/change.hpp"
#include "broker/local_access.hpp"
#include "exchange/matcher.hpp"

namespace tern::broker {

/// An exchange as routing needs it.
struct RoutedExchange {
  ExchangePointer record;
  std::unique_ptr<exchange::Matcher> matcher;
  std::string alternate;     ///< name of the alternate exchange, empty for none
  bool is_cacheable = true;  ///< Matcher::is_cacheable()
  bool routes_once = false;  ///< ExchangeType::routes_once
};

class Replica {
 public:
  void apply(const Change& change);

  /// Grows with every change: caches made under another version are stale. Never 0.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

  [[nodiscard]] const VhostRecord* find_vhost(std::string_view name) const;
  /// Of one that is gone too: sessions in it may still be closing.
  [[nodiscard]] const std::string& vhost_name(std::uint32_t number) const;
  [[nodiscard]] const VhostRecord& vhost_record(std::uint32_t number) const;
  /// The policies of a virtual host, for effective.hpp.
  [[nodiscard]] const PolicyBookPointer& policies(std::uint32_t vhost) const;
  [[nodiscard]] LocalAccess& access() noexcept { return access_; }
  [[nodiscard]] const LocalAccess& access() const noexcept { return access_; }
  [[nodiscard]] const RoutedExchange* find_exchange(std::uint32_t vhost,
                                                    std::string_view name) const;
  [[nodiscard]] const RoutedExchange* find_exchange(std::uint32_t number) const;
  [[nodiscard]] QueuePointer find_queue(std::uint32_t vhost, std::string_view name) const;
  /// Null for a gate too: those have no name of their own.
  [[nodiscard]] QueuePointer find_queue(QueueId id) const;

 private:
  struct Vhost {
    VhostPointer record;
    bool is_removed = false;
    PolicyBookPointer policies = std::make_shared<const PolicyBook>();
    // Keys are views of the records' own names: one copy of each name for all shards.
    std::unordered_map<std::string_view, RoutedExchange*> exchanges;
    std::unordered_map<std::string_view, QueuePointer> queues;
  };

  void add(const VhostAdded& change);
  void add(const ExchangeAdded& change);
  void change(const PoliciesChanged& change);
  void remove(const ExchangeRemoved& change);
  void change(const BindingChanged& change);
  [[nodiscard]] Vhost& vhost(std::uint32_t number);
  [[nodiscard]] const Vhost* vhost(std::uint32_t number) const;

  std::uint64_t version_ = 1;
  LocalAccess access_;
  std::unordered_map<std::uint32_t, Vhost> vhosts_;
  std::unordered_map<std::uint32_t, std::unique_ptr<RoutedExchange>> exchanges_;
  std::unordered_map<QueueId, QueuePointer> queues_;
};

}  // namespace tern::broker
