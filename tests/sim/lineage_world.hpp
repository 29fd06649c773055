// The world of a lineage simulation: a node with queues of random arguments, a clock that moves, a
// store that is slow in random ways, crashes. A Lineage is told everything and shown the disk after
// each commit.
#pragma once

#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "sim/actor.hpp"
#include "sim/lineage.hpp"
#include "sim/simulation.hpp"
#include "support/node_fixture.hpp"

namespace tern::sim {

using namespace tern::test;

class LineageWorld {
 protected:
  LineageWorld(std::uint64_t seed, Totals& totals)
      : totals_(totals),
        random_(seed),
        plan_(make_plan(random_)),
        is_punctual_(chance(60)),
        node_(options(seed)),
        lineage_(plan_, is_punctual_, seed % 4 == 0) {
    node_.options().after_commit = [this] { look(); };
    for (const auto& [name, queue] : plan_.queues) names_.push_back(name);
  }

  static TestNode::Options options(std::uint64_t seed) {
    TestNode::Options options;
    options.seed = seed;
    options.shards = std::array{1U, 2U, 3U, 4U}[seed % 4];
    options.window_bytes = seed % 3 == 0 ? 16U << 20 : 1500;
    options.store_pending_bytes_max = seed % 5 == 0 ? 4000 : 1U << 20;
    return options;
  }
  std::uint64_t pick(std::uint64_t count) { return random_() % count; }
  bool chance(std::uint64_t percent) { return pick(100) < percent; }

  // --- what the world does
  // ------------------------------------------------------------------------

  void look() {
    ++totals_.commits;
    disk_.look(node_.store().disk());
    lineage_.look(disk_, node_.now());
  }

  void turn() {
    for (std::uint64_t count = pick(6); count > 0 && node_.run_turn(); --count) observe();
  }

  void store() {
    SteppedStore& store = node_.store();
    if (chance(30)) {
      static_cast<void>(store.answer_read());
    } else if (store.is_committing()) {
      store.finish_commit();
      look();
    } else {
      const std::uint64_t percent = chance(50) ? 100 : pick(100);
      static_cast<void>(store.begin_commit([&] { return chance(percent); }));
    }
  }

  /// Every turn that anybody wants at this moment.
  void catch_up() {
    for (int turns = 0; turns < 2000; ++turns) {
      node_.advance(Millis{0});
      if (!node_.run_turn()) break;
      observe();
      node_.run();
    }
    observe();
  }

  void advance() {
    if (is_punctual_) catch_up();
    node_.advance(Millis{pick(30)});
    for (Actor& actor : actors_) {
      for (const auto& [number, address] : actor.client->consumers)
        actor.client->drained(number, owed_[number]), owed_[number] = 0;
    }
  }

  void crash() {
    const auto kinds = std::array{TestNode::Crash::clean, TestNode::Crash::before_commit,
                                  TestNode::Crash::silently_durable};
    const TestNode::Crash kind = kinds[pick(kinds.size())];
    ++totals_.crashes_by_kind[static_cast<std::size_t>(kind)];
    if (node_.store().is_committing()) ++totals_.crashes_in_commit;
    actors_.clear();
    committing_.clear();
    node_.restart(kind);
    ++totals_.crashes;
    look();
    lineage_.crashed(disk_);
  }

  // --- looking
  // ------------------------------------------------------------------------------------

  broker::OperationResult end(TestClient& client, broker::OperationNumber operation) {
    node_.options().store_works = true;
    return node_.wait(client, operation);
  }

  void quiesce() {
    node_.options().store_works = true;
    node_.run();
    catch_up();
  }

  void check_quiet() {
    quiesce();
    lineage_.check_quiet(disk_, node_.now());
    TestClient& auditor = node_.connect();
    for (const auto& [name, queue] : plan_.queues) {
      if (!queue.length_max || queue.refuses) continue;
      const std::uint64_t ready = end(auditor, auditor.find(name)).count;
      if (ready > *queue.length_max)
        throw Fault("queue " + name + " has " + std::to_string(ready) +
                    " ready messages, more than " + std::to_string(*queue.length_max));
    }
    auditor.leave();
  }

  void observe() {
    for (Actor& actor : actors_) {
      observe_operations(actor);
      for (; actor.seen_received < actor.client->received.size(); ++actor.seen_received) {
        const auto& received = actor.client->received[actor.seen_received];
        note(actor, actor.queue_of.at(received.consumer), received);
      }
      for (; actor.seen_settled < actor.client->settled.size(); ++actor.seen_settled) {
        const auto& settled = actor.client->settled[actor.seen_settled];
        const auto at = actor.unconfirmed.find(settled.sequence);
        if (at == actor.unconfirmed.end()) throw Fault("confirmed what was not published");
        const std::uint64_t number = std::stoull(at->second.first);
        actor.unconfirmed.erase(at);
        if (settled.outcome == queue::PublishOutcome::refused)
          lineage_.refused(number), ++totals_.refused;
        else
          lineage_.confirmed(number, node_.now());
      }
    }
  }

  void note(Actor& actor, const std::string& queue, const TestClient::Received& received) {
    const std::string who = std::to_string(actor.number) + "/" + std::to_string(received.consumer);
    lineage_.delivered(queue, received.delivery, who, node_.now());
    owed_[received.consumer] += received.delivery.message->bytes();
    ++totals_.delivered;
    if (!received.delivery.auto_ack) actor.held.emplace_back(queue, received);
  }

  void observe_operations(Actor& actor) {
    std::erase_if(committing_[actor.number], [&](const auto& entry) {
      if (!actor.client->has_result(entry.first)) return false;
      for (const std::uint64_t number : entry.second) lineage_.confirmed(number, node_.now());
      return true;
    });
    std::erase_if(actor.gets, [&](const auto& entry) {
      if (!actor.client->has_result(entry.first)) return false;
      broker::OperationResult result = actor.client->result(entry.first);
      if (!result.delivery.message) return true;
      TestClient::Received received{0, std::move(result.delivery), {}};
      note(actor, entry.second, received);
      return true;
    });
    std::erase_if(actor.cancels,
                  [&](const auto& entry) { return actor.client->has_result(entry.first); });
  }

  Totals& totals_;
  std::mt19937_64 random_;
  const Plan plan_;
  const bool is_punctual_;
  TestNode node_;
  Lineage lineage_;
  DiskView disk_;
  std::vector<std::string> names_;
  std::vector<Actor> actors_;
  /// Transactions of clients, and what they publish.
  std::map<std::uint64_t, std::map<broker::OperationNumber, std::vector<std::uint64_t>>>
      committing_;
  std::map<ConsumerNumber, std::uint64_t> owed_;  ///< bytes not reported as drained
  std::uint64_t numbers_ = 0;
  std::uint64_t actor_count_ = 0;
  ConsumerNumber consumer_count_ = 0;
};

}  // namespace tern::sim
