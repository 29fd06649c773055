// One run of the lineage simulation: what random clients do in a world (lineage_world.hpp) of
// queues with random arguments, and that in the end nothing is left and every limit was exact.
#include "sim/lineage_world.hpp"

namespace tern::sim {
namespace {

constexpr std::size_t lineage_clients_max = 5;
constexpr int lineage_steps = 900;

class LineageSimulation : LineageWorld {
 public:
  LineageSimulation(std::uint64_t seed, Totals& totals) : LineageWorld(seed, totals) {}

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
    for (int step = 0; step < lineage_steps; ++step) {
      act();
      observe();
    }
    finish();
  }

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
    if (actors_.size() == lineage_clients_max) return;
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
