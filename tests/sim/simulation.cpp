#include "sim/simulation.hpp"

#include <random>

#include "sim/actor.hpp"
#include "sim/model.hpp"
#include "support/node_fixture.hpp"

namespace tern::sim {
namespace {

using namespace tern::test;

constexpr int queue_count = 6;
constexpr std::size_t clients_max = 5;
constexpr int steps = 1200;

class Simulation {
 public:
  Simulation(std::uint64_t seed, Totals& totals)
      : totals_(totals), random_(seed), node_(options(seed)) {}

  void run() {
    for (int step = 0; step < steps; ++step) {
      act();
      observe();
    }
    finish();
  }

 private:
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
  std::string any_queue() { return "q" + std::to_string(pick(queue_count)); }
  Actor* any_actor() { return actors_.empty() ? nullptr : &actors_[pick(actors_.size())]; }
  std::string next_body() {
    std::string body = std::to_string(++bodies_) + ":";
    return body.append(pick(4) == 0 ? pick(700) : pick(20), '.');
  }

  void act() {
    node_.options().store_works = false;
    const std::uint64_t what = pick(100);
    if (what < 2) return connect();
    if (what < 5) return declare();
    if (what < 6) return bind();
    if (what < 35) return publish();
    if (what < 39) return consume();
    if (what < 54) return settle();
    if (what < 56) return cancel();
    if (what < 60) return get();
    if (what < 62) return transact();
    if (what < 63) return leave();
    if (what < 64) return chance(20) ? purge_or_remove() : turn();
    if (what < 65) return chance(30) ? crash() : turn();
    if (what < 70) return advance();
    if (what < 85) return turn();
    return store();
  }

  // --- what clients do
  // ----------------------------------------------------------------------------

  void connect() {
    if (actors_.size() == clients_max) return;
    Actor actor;
    actor.client = &node_.connect(static_cast<std::uint32_t>(pick(node_.options().shards)));
    actor.number = ++actor_count_;
    actors_.push_back(std::move(actor));
  }

  void declare() {
    Actor* const actor = any_actor();
    if (actor == nullptr) return;
    const std::string name = any_queue();
    broker::QueueSpec spec;
    spec.durable = (name.back() - '0') % 3 != 0;
    if (end(*actor->client, actor->client->declare(name, spec)).failed)
      throw Fault("declare of " + name + " failed");
    model_.declared(name, spec.durable);
  }

  void bind() {
    Actor* const actor = any_actor();
    if (actor == nullptr) return;
    const std::string name = any_queue();
    if (!model_.queues().contains(name)) return;
    if (end(*actor->client, actor->client->bind("amq.fanout", name, "")).failed)
      throw Fault("bind of " + name + " failed");
    bound_.insert(name);
  }

  /// A post, and the queues where it is to arrive.
  std::pair<Post, std::set<std::string>> make_post(bool persistent) {
    Post post{chance(30) ? "amq.fanout" : "", any_queue(), next_body(), persistent};
    if (!post.exchange.empty()) return {post, bound_};
    if (!model_.queues().contains(post.key)) return {post, {}};
    return {post, {post.key}};
  }

  void publish() {
    Actor* const actor = any_actor();
    if (actor == nullptr || actor->client->is_held) return;
    const auto [post, queues] = make_post(chance(60));
    const auto count = actor->client->publish(post);
    if (count != queues.size()) throw Fault("message " + post.body + " went to other queues");
    for (const std::string& queue : queues)
      model_.published(queue, post.body, actor->number, post.persistent, 0);
    if (!queues.empty()) actor->unconfirmed[actor->client->sequence] = {post.body, queues.size()};
    ++totals_.published;
  }

  void consume() {
    Actor* const actor = any_actor();
    const std::string name = any_queue();
    if (actor == nullptr || !model_.queues().contains(name)) return;
    queue::ConsumerSpec spec;
    spec.id.number = ++consumer_count_;
    spec.auto_ack = name == Model::lossy_queue && chance(50);
    spec.prefetch = static_cast<std::uint32_t>(pick(5));
    spec.priority = static_cast<std::int32_t>(pick(2));
    spec.window_bytes = 1000;
    actor->client->consume(name, spec);
    actor->queue_of[spec.id.number] = name;
  }

  void settle() {
    Actor* const actor = any_actor();
    if (actor == nullptr || actor->held.empty()) return;
    const std::size_t at = pick(actor->held.size());
    const auto [queue, received] = std::move(actor->held[at]);
    actor->held.erase(actor->held.begin() + static_cast<std::ptrdiff_t>(at));
    const bool is_back = chance(25);
    // The model hears of it first: the message may be delivered again from inside the call.
    is_back ? model_.requeued(queue, received.body) : model_.settled(queue, received.body);
    const auto gone = chance(50) ? queue::Settlement::acked : queue::Settlement::dropped;
    actor->client->settle(received, is_back ? queue::Settlement::requeued : gone);
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
    const std::string name = any_queue();
    if (actor == nullptr || !model_.queues().contains(name)) return;
    const bool auto_ack = name == Model::lossy_queue && chance(50);
    actor->gets[actor->client->get(name, auto_ack)] = name;
  }

  void transact() {
    Actor* const actor = any_actor();
    if (actor == nullptr) return;
    const std::uint64_t id = ++totals_.transactions;
    broker::Transaction work;
    for (std::uint64_t at = pick(4); at > 0; --at) {
      const auto [post, queues] = make_post(true);
      work.publishes.push_back(actor->client->routed(post));
      for (const std::string& queue : queues)
        model_.published(queue, post.body, actor->number, true, id);
    }
    for (std::uint64_t at = pick(3); at > 0 && !actor->held.empty(); --at) {
      const auto [queue, received] = std::move(actor->held.back());
      actor->held.pop_back();
      model_.settling(queue, received.body, id);
      actor->client->forget(received);
      const QueueId in = received.delivery.queue;
      work.settles.push_back({actor->client->address_of(in),
                              {actor->client->caller.session, received.consumer},
                              {received.delivery.position},
                              queue::Settlement::acked});
    }
    actor->transactions[actor->client->commit(std::move(work))] = id;
  }

  void leave() {
    if (actors_.empty()) return;
    const std::size_t at = pick(actors_.size());
    for (const auto& [queue, received] : actors_[at].held) model_.requeued(queue, received.body);
    actors_[at].client->leave();
    actors_.erase(actors_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void purge_or_remove() {
    Actor* const actor = any_actor();
    const std::string name = any_queue();
    if (actor == nullptr || !model_.queues().contains(name)) return;
    quiesce();
    if (chance(50)) {
      // Consumers may take messages meanwhile: what is purged is what nobody has afterwards.
      static_cast<void>(end(*actor->client, actor->client->purge(name)));
      observe();
      return model_.purged(name);
    }
    static_cast<void>(end(*actor->client, actor->client->remove(name)));
    observe();
    model_.removed(name);
    bound_.erase(name);
    for (Actor& each : actors_)
      std::erase_if(each.held, [&](const auto& held) { return held.first == name; });
  }

  // --- what the world does
  // ------------------------------------------------------------------------

  void turn() {
    for (std::uint64_t count = pick(6); count > 0 && node_.run_turn(); --count) observe();
  }

  void store() {
    SteppedStore& store = node_.store();
    if (store.spilled_count() > 0 && !std::exchange(has_paged_, true)) ++totals_.paged;
    if (chance(30)) {
      static_cast<void>(store.answer_read());
    } else if (store.is_committing()) {
      store.finish_commit();
    } else {
      const std::uint64_t percent = chance(50) ? 100 : pick(100);
      static_cast<void>(store.begin_commit([&] { return chance(percent); }));
    }
  }

  void advance() {
    node_.advance(Millis{pick(30)});
    for (Actor& actor : actors_) {
      for (const auto& [number, address] : actor.client->consumers)
        actor.client->drained(number, owed_[number]), owed_[number] = 0;
    }
  }

  void crash() {
    ++totals_.crashes;
    const auto kinds = std::array{TestNode::Crash::clean, TestNode::Crash::before_commit,
                                  TestNode::Crash::silently_durable};
    actors_.clear();
    model_.crashed();
    std::erase_if(bound_, [&](const std::string& name) { return !model_.queues().contains(name); });
    node_.restart(kinds[pick(kinds.size())]);
    if (chance(30)) node_.restart(TestNode::Crash::clean);
    take_inventory(false, false);
  }

  // --- looking
  // ------------------------------------------------------------------------------------

  /// Runs until an operation has ended.
  broker::OperationResult end(TestClient& client, broker::OperationNumber operation) {
    node_.options().store_works = true;
    return node_.wait(client, operation);
  }

  void quiesce() {
    node_.options().store_works = true;
    node_.run();
    observe();
  }

  void observe() {
    for (Actor& actor : actors_) {
      observe_operations(actor);
      observe_deliveries(actor);
      for (; actor.seen_settled < actor.client->settled.size(); ++actor.seen_settled) {
        const auto& settled = actor.client->settled[actor.seen_settled];
        const auto at = actor.unconfirmed.find(settled.sequence);
        if (at == actor.unconfirmed.end()) throw Fault("confirmed what was not published");
        if (--at->second.second > 0) continue;
        model_.confirmed(at->second.first);
        actor.unconfirmed.erase(at);
      }
    }
  }

  void observe_deliveries(Actor& actor) {
    for (; actor.seen_received < actor.client->received.size(); ++actor.seen_received) {
      const auto& received = actor.client->received[actor.seen_received];
      note(actor, actor.queue_of.at(received.consumer), received);
    }
  }

  void note(Actor& actor, const std::string& queue, const TestClient::Received& received) {
    const std::string who = std::to_string(actor.number) + "/" + std::to_string(received.consumer);
    model_.delivered(queue, received.body, received.delivery.redelivered, who);
    owed_[received.consumer] += received.delivery.message->bytes();
    ++totals_.delivered;
    if (received.delivery.auto_ack)
      model_.settled(queue, received.body);
    else
      actor.held.emplace_back(queue, received);
  }

  void observe_operations(Actor& actor) {
    std::erase_if(actor.transactions, [&](const auto& entry) {
      if (!actor.client->has_result(entry.first)) return false;
      model_.committed(entry.second);
      return true;
    });
    std::erase_if(actor.gets, [&](const auto& entry) {
      if (!actor.client->has_result(entry.first)) return false;
      broker::OperationResult result = actor.client->result(entry.first);
      if (!result.delivery.message) return true;
      TestClient::Received received{0, std::move(result.delivery), {}};
      received.body = std::string(received.delivery.message->body());
      note(actor, entry.second, received);
      return true;
    });
    std::erase_if(actor.cancels,
                  [&](const auto& entry) { return actor.client->has_result(entry.first); });
  }

  /// Gets all there is from every queue. `takes`: for good.
  void take_inventory(bool is_quiet, bool takes) {
    model_.begin_inventory(is_quiet);
    TestClient& auditor = node_.connect();
    for (const auto& [name, durable] : model_.queues()) {
      for (;;) {
        const auto result = end(auditor, auditor.get(name, takes));
        if (result.failed) throw Fault("queue " + name + " is lost");
        if (!result.delivery.message) break;
        model_.found(name, std::string(result.delivery.message->body()),
                     result.delivery.redelivered);
      }
    }
    auditor.leave();
    node_.run();
    model_.inventoried();
  }

  void finish() {
    quiesce();
    for (Actor& actor : actors_) {
      if (!actor.transactions.empty()) throw Fault("a transaction has not ended");
      if (!actor.gets.empty()) throw Fault("a get has not ended");
      if (!actor.unconfirmed.empty()) throw Fault("a publish was not confirmed");
    }
    while (actors_.size() > 1) leave();
    TestClient* const last = actors_.empty() ? nullptr : actors_.front().client;
    if (last != nullptr) {
      for (const auto& [number, address] : last->consumers) static_cast<void>(last->cancel(number));
      quiesce();
      for (const auto& [queue, received] : actors_.front().held) {
        model_.requeued(queue, received.body);
        last->settle(received, queue::Settlement::requeued);
      }
    }
    quiesce();
    take_inventory(true, true);
    node_.advance(Millis{100});
    node_.run();
    if (last != nullptr && last->is_held) throw Fault("a publisher is held for ever");
    if (node_.store().spilled_count() != 0) throw Fault("spilled messages were forgotten");
    node_.restart(TestNode::Crash::before_commit);
    for (const auto& [id, queue] : node_.store().disk().queues)
      if (!queue.messages.empty()) throw Fault("messages were left on disk");
  }

  Totals& totals_;
  std::mt19937_64 random_;
  TestNode node_;
  Model model_;
  std::vector<Actor> actors_;
  std::set<std::string> bound_;                   ///< to amq.fanout
  std::map<ConsumerNumber, std::uint64_t> owed_;  ///< bytes not reported as drained
  std::uint64_t actor_count_ = 0;
  ConsumerNumber consumer_count_ = 0;
  std::uint64_t bodies_ = 0;
  bool has_paged_ = false;
};

}  // namespace

std::string simulate(std::uint64_t seed, Totals& totals) {
  try {
    Simulation(seed, totals).run();
  } catch (const Fault& fault) {
    return fault.what();
  }
  return {};
}

}  // namespace tern::sim
