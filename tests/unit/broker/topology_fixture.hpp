// A topology's writer on a store that waits, with one replica per shard that gets its deltas when
// the test says so.
#pragma once

#include <catch2/catch.hpp>
#include <deque>

#include "broker/replica.hpp"
#include "broker/topology.hpp"
#include "support/stepped_store.hpp"

namespace tern::broker::test {

struct TopologyFixture {
  static constexpr std::uint32_t vhost = 1;

  explicit TopologyFixture(std::uint32_t shards = 2, std::shared_ptr<tern::test::Disk> of = nullptr)
      : disk(of ? std::move(of) : std::make_shared<tern::test::Disk>()),
        store(disk),
        replicas(shards),
        waiting(shards),
        topology({shards, &store, [this](ShardId shard, std::shared_ptr<Delta> delta) {
                    waiting[raw(shard)].push_back(std::move(delta));
                  }}) {
    const auto loaded = topology.load(store.take_recovered().records);
    REQUIRE(loaded.has_value());
    for (const Change& change : *loaded)
      for (Replica& replica : replicas) replica.apply(change);
    topology.add_vhost("/", {});
    finish();
  }

  /// One shard applies what has been posted to it.
  void apply(std::uint32_t shard) {
    while (!waiting[shard].empty()) {
      const auto delta = std::move(waiting[shard].front());
      waiting[shard].pop_front();
      for (const Change& change : delta->changes) replicas[shard].apply(change);
      delta->arrived();
    }
  }
  void apply_all() {
    for (std::uint32_t shard = 0; shard < replicas.size(); ++shard) apply(shard);
  }
  void commit() { store.commit_all(); }
  void finish() {
    apply_all();
    commit();
  }

  /// The text of a refusal, or "" if the change was taken.
  std::string declare_exchange(const std::string& name, const std::string& type = "direct",
                               ExchangeSpec spec = {}) {
    spec.name = name;
    spec.type = type;
    return text(topology.declare_exchange(vhost, spec, noted()));
  }
  std::string declare(const std::string& name, QueueSpec spec = {}, SessionId owner = {}) {
    spec.name = name;
    return text(topology.declare_queue(vhost, spec, owner, owner.shard,
                                       [this, done = noted()](const QueuePointer& queue, bool) {
                                         queues.push_back(queue);
                                         done();
                                       }));
  }
  std::string bind(const std::string& source, const std::string& destination,
                   const std::string& key = {}, FieldTable arguments = {}, bool to_exchange = false,
                   SessionId session = {}) {
    return text(topology.bind(vhost, {source, destination, to_exchange, key, std::move(arguments)},
                              session, noted()));
  }
  std::string unbind(const std::string& source, const std::string& destination,
                     const std::string& key = {}, FieldTable arguments = {},
                     bool to_exchange = false, SessionId session = {}) {
    return text(topology.unbind(
        vhost, {source, destination, to_exchange, key, std::move(arguments)}, session, noted()));
  }
  std::string delete_exchange(const std::string& name, bool if_unused = false) {
    return text(topology.delete_exchange(vhost, name, if_unused, noted()));
  }
  void delete_queue(const std::string& name) {
    const QueuePointer queue = replicas[0].find_queue(vhost, name);
    topology.delete_queue(queue ? queue->id : QueueId::none, vhost, name, noted());
  }
  [[nodiscard]] bool has_exchange(const std::string& name) const {
    for (const Replica& replica : replicas)
      if (replica.find_exchange(vhost, name) == nullptr) return false;
    return true;
  }
  [[nodiscard]] bool has_queue(const std::string& name) const {
    for (const Replica& replica : replicas)
      if (!replica.find_queue(vhost, name)) return false;
    return true;
  }
  /// How many targets the exchange has for a key.
  [[nodiscard]] std::size_t targets(const std::string& name, const std::string& key = {},
                                    const std::string& headers = {}) const {
    exchange::TargetSet found;
    replicas[0].find_exchange(vhost, name)->matcher->route({key, headers}, found);
    return found.size();
  }

  int done = 0;                      ///< how many changes were answered
  std::vector<QueuePointer> queues;  ///< of answered declares
  std::shared_ptr<tern::test::Disk> disk;
  tern::test::SteppedStore store;
  std::vector<Replica> replicas;
  std::vector<std::deque<std::shared_ptr<Delta>>> waiting;
  Topology topology;

 private:
  std::function<void()> noted() {
    return [this] { ++done; };
  }
  static std::string text(const Topology::Refusal& refusal) { return refusal ? refusal->text : ""; }
};

}  // namespace tern::broker::test
