// One run of the lineage simulation: queues with random arguments, clients that do random things to
// them, a clock that moves, a store that is slow in random ways, crashes; a Lineage is told
// everything and shown the disk after each commit.
#include <random>

#include "sim/actor.hpp"
#include "sim/lineage.hpp"
#include "sim/simulation.hpp"
#include "support/node_fixture.hpp"

namespace tern::sim {
namespace {

using namespace tern::test;

constexpr std::size_t clients_max = 5;
constexpr int steps = 900;

class LineageSimulation {
 public:
  LineageSimulation(std::uint64_t seed, Totals& totals)
      : totals_(totals),
        random_(seed),
        plan_(make_plan(random_)),
        is_punctual_(chance(60)),
        node_(options(seed)),
        lineage_(plan_, is_punctual_, seed % 4 == 0) {
    node_.options().after_commit = [this] { look(); };
    for (const auto& [name, queue] : plan_.queues) names_.push_back(name);
  }

  void run() {
    try {
      play();
    } catch (const Fault& fault) {
      throw Fault(fault.what() + describe(plan_) + (is_punctual_ ? "\n    punctual, " : "\n    ") +
                  "now " + std::to_string(node_.now().time_since_epoch().count()));
    }
    for (const auto& [reason, count] : lineage_.deaths()) totals_.deaths[reason] += count;
    totals_.moved += lineage_.moved();
    totals_.duplicates += lineage_.duplicates();
  }

 private:
  void play() {
    declare();
    for (int step = 0; step < steps; ++step) {
      act();
      observe();
    }
    finish();
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
  const std::string& any_queue() { return names_[pick(names_.size())]; }
  const std::string& any_source() { return plan_.families[pick(plan_.families.size())].source; }
  Actor* any_actor() { return actors_.empty() ? nullptr : &actors_[pick(actors_.size())]; }

  void act() {
    node_.options().store_works = false;
    const std::uint64_t what = pick(100);
    if (what < 3) return connect();
    if (what < 29) return publish();
    if (what < 33) return consume();
    if (what < 50) return settle();
    if (what < 52) return cancel();
    if (what < 56) return get();
    if (what < 58) return transact();
    if (what < 59) return leave();
    if (what < 60) return chance(40) ? crash() : check_quiet();
    if (what < 66) return advance();
    if (what < 83) return turn();
    return store();
  }

  // --- what clients do
  // ----------------------------------------------------------------------------

  void declare() {
    TestClient& client = node_.connect();
    for (const auto& [name, queue] : plan_.queues)
      expect(client, client.declare(name, durable_queue(queue.arguments)), "declare of " + name);
    for (const auto& [exchange, queues] : plan_.fanouts) {
      expect(client, client.declare_exchange(exchange, "fanout", durable_exchange()), exchange);
      for (const std::string& queue : queues)
        expect(client, client.bind(exchange, queue, ""), "bind of " + queue);
    }
    client.leave();
  }

  void expect(TestClient& client, broker::OperationNumber operation, const std::string& what) {
    const auto result = end(client, operation);
    if (result.failed) throw Fault(what + " failed: " + result.error.text);
  }

  void connect() {
    if (actors_.size() == clients_max) return;
    Actor actor;
    actor.client = &node_.connect(static_cast<std::uint32_t>(pick(node_.options().shards)));
    actor.number = ++actor_count_;
    actors_.push_back(std::move(actor));
  }

  Publication make_publication(std::uint64_t publisher) {
    Publication publication;
    publication.number = ++numbers_;
    ++totals_.published;
    publication.source = any_source();
    publication.publisher = publisher;
    const QueuePlan& queue = plan_.queues.at(publication.source);
    // What is remembered of a transient message's key would outlive it.
    publication.persistent = queue.deduplicates || chance(85);
    publication.priority = static_cast<std::uint8_t>(pick(6));
    if (chance(15)) publication.expiration_ms = static_cast<std::uint32_t>(pick(60));
    if (chance(80)) publication.group = "g" + std::to_string(pick(3));
    if (chance(80)) publication.key = "k" + std::to_string(pick(40));
    publication.at = node_.now();
    return publication;
  }

  Post post_of(const Publication& publication) {
    Post post;
    post.key = publication.source;
    post.body = std::to_string(publication.number) + ":";
    post.body.append(chance(25) ? pick(700) : pick(20), '.');
    post.persistent = publication.persistent;
    if (!publication.group.empty())
      post.headers.add(group_header, std::string_view(publication.group));
    post.priority = publication.priority;
    post.expiration_ms = publication.expiration_ms;
    post.message_id = publication.key;
    return post;
  }

  void publish() {
    Actor* const actor = any_actor();
    if (actor == nullptr || actor->client->is_held) return;
    const Publication publication = make_publication(actor->number);
    const Post post = post_of(publication);
    lineage_.published(publication);  // It may be delivered from inside the call.
    if (actor->client->publish(post) != 1) throw Fault("message " + post.body + " was not routed");
    actor->unconfirmed[actor->client->sequence] = {post.body, 1};
  }

  void consume() {
    Actor* const actor = any_actor();
    if (actor == nullptr) return;
    queue::ConsumerSpec spec;
    spec.id.number = ++consumer_count_;
    spec.prefetch = static_cast<std::uint32_t>(pick(5));
    spec.priority = static_cast<std::int32_t>(pick(2));
    spec.window_bytes = 1000;
    const std::string& name = any_queue();
    actor->queue_of[spec.id.number] = name;
    actor->client->consume(name, spec);
  }

  static queue::Settlement settlement_of(std::uint64_t number) {
    return number < 40   ? queue::Settlement::acked
           : number < 70 ? queue::Settlement::dropped
                         : queue::Settlement::requeued;
  }

  void settle() {
    Actor* const actor = any_actor();
    if (actor == nullptr || actor->held.empty()) return;
    const std::size_t at = pick(actor->held.size());
    const auto [queue, received] = std::move(actor->held[at]);
    actor->held.erase(actor->held.begin() + static_cast<std::ptrdiff_t>(at));
    const queue::Settlement settlement = settlement_of(pick(100));
    // The lineage hears of it first: the message may be delivered again from inside the call.
    lineage_.settling(queue, number_of(*received.delivery.message), settlement);
    actor->client->settle(received, settlement);
  }

  void cancel() {
    Actor* const actor = any_actor();
    if (actor == nullptr || actor->client->consumers.empty()) return;
    const ConsumerNumber number = actor->client->consumers.begin()->first;
    for (const auto& [operation, cancelled] : actor->cancels)
      if (cancelled == number) return;
    actor->cancels[actor->client->cancel(number)] = number;
  }

  void get() {
    Actor* const actor = any_actor();
    if (actor == nullptr) return;
    const std::string& name = any_queue();
    actor->gets[actor->client->get(name)] = name;
  }

  void transact() {
    Actor* const actor = any_actor();
    if (actor == nullptr) return;
    ++totals_.transactions;
    broker::Transaction work;
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t at = pick(4); at > 0; --at) {
      Publication publication = make_publication(actor->number);
      publication.persistent = true;
      lineage_.published(publication);
      work.publishes.push_back(actor->client->routed(post_of(publication)));
      // Nobody is told of what a queue refuses in a transaction.
      if (!plan_.queues.at(publication.source).refuses) numbers.push_back(publication.number);
    }
    for (std::uint64_t at = pick(3); at > 0 && !actor->held.empty(); --at) {
      const auto [queue, received] = std::move(actor->held.back());
      actor->held.pop_back();
      const auto settlement = chance(60) ? queue::Settlement::acked : queue::Settlement::dropped;
      lineage_.settling(queue, number_of(*received.delivery.message), settlement);
      actor->client->forget(received);
      work.settles.push_back({actor->client->address_of(received.delivery.queue),
                              {actor->client->caller.session, received.consumer},
                              {received.delivery.position},
                              settlement});
    }
    committing_[actor->number][actor->client->commit(std::move(work))] = std::move(numbers);
  }

  void leave() {
    if (actors_.empty()) return;
    const std::size_t at = pick(actors_.size());
    for (const auto& [queue, received] : actors_[at].held)
      lineage_.settling(queue, number_of(*received.delivery.message), queue::Settlement::abandoned);
    actors_[at].client->leave();
    committing_.erase(actors_[at].number);
    actors_.erase(actors_.begin() + static_cast<std::ptrdiff_t>(at));
  }

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

  void finish() {
    quiesce();
    for (Actor& actor : actors_) {
      if (!committing_[actor.number].empty()) throw Fault("a transaction has not ended");
      if (!actor.unconfirmed.empty())
        throw Fault("publish of " + actor.unconfirmed.begin()->second.first + " was not confirmed");
    }
    while (!actors_.empty()) {
      leave();
      observe();
    }
    quiesce();
    check_limits();
    for (int rounds = 0; rounds < 100; ++rounds) {
      drain();
      if (disk_.messages().empty()) break;
      node_.advance(Millis{20});
    }
    node_.advance(Millis{100});
    quiesce();
    for (const auto& [number, stored] : disk_.messages())
      throw Fault("message " + std::to_string(number) + " was left in " + stored[0].queue);
  }

  /// A queue with a limit and nothing else that takes messages away holds exactly as many.
  void check_limits() {
    drain();
    Actor actor;
    actor.client = &node_.connect();
    actor.number = ++actor_count_;
    actors_.push_back(std::move(actor));
    for (const Family& family : plan_.families) {
      const QueuePlan& queue = plan_.queues.at(family.source);
      const bool is_simple = queue.length_max && !queue.length_bytes_max && !queue.ttl &&
                             queue.delay == 0 && !queue.deduplicates && !queue.is_cyclic;
      if (!is_simple || end(*actors_[0].client, actors_[0].client->find(queue.name)).count != 0)
        continue;
      for (std::uint64_t count = *queue.length_max + 3; count > 0; --count) {
        Publication publication = make_publication(actors_[0].number);
        publication.source = queue.name;
        publication.expiration_ms.reset();
        lineage_.published(publication);
        static_cast<void>(actors_[0].client->publish(post_of(publication)));
        actors_[0].unconfirmed[actors_[0].client->sequence] = {std::to_string(publication.number),
                                                               1};
      }
      quiesce();
      const auto ready = end(*actors_[0].client, actors_[0].client->find(queue.name)).count;
      if (ready != *queue.length_max)
        throw Fault("queue " + queue.name + " has kept " + std::to_string(ready) + " messages of " +
                    std::to_string(*queue.length_max));
      ++totals_.limits;
    }
    leave();
  }

  /// Takes all that is ready, for good.
  void drain() {
    quiesce();
    TestClient& auditor = node_.connect();
    for (const std::string& name : names_) {
      for (;;) {
        TestClient::Received received{0, end(auditor, auditor.get(name)).delivery, {}};
        if (!received.delivery.message) break;
        lineage_.delivered(name, received.delivery, "auditor", node_.now());
        lineage_.settling(name, number_of(*received.delivery.message), queue::Settlement::acked);
        auditor.settle(received);
      }
    }
    auditor.leave();
    quiesce();
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

}  // namespace

std::string simulate_lineage(std::uint64_t seed, Totals& totals) {
  try {
    LineageSimulation(seed, totals).run();
  } catch (const Fault& fault) {
    return fault.what();
  }
  return {};
}

}  // namespace tern::sim
