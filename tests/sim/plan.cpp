#include "sim/plan.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "message/field_text.hpp"

namespace tern::sim {
namespace {

class Planner {
 public:
  explicit Planner(std::mt19937_64& random) : random_(random) {}

  Plan make() {
    const std::uint64_t families = 2 + pick(2);
    for (std::uint64_t at = 0; at < families; ++at) add_family("abc"[at]);
    return std::move(plan_);
  }

 private:
  std::uint64_t pick(std::uint64_t count) { return random_() % count; }
  bool chance(std::uint64_t percent) { return pick(100) < percent; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(pick(static_cast<std::uint64_t>(high - low + 1)));
  }

  void add_family(char letter) {
    const auto name = [letter](int number) { return letter + std::to_string(number); };
    enum Shape { plain, nowhere, one, two, chain, circle, itself, shapes };
    const auto shape = static_cast<Shape>(pick(shapes + 2) % shapes);  // More without letters.
    Family family{name(0), {}, shape == circle || shape == itself};
    const int queues = shape == two || shape == chain ? 3 : shape == one || shape == circle ? 2 : 1;
    for (int at = 0; at < queues; ++at) {
      QueuePlan& queue = plan_.queues[name(at)];
      queue.name = name(at);
      queue.is_source = at == 0;
      queue.is_cyclic = family.is_cyclic;
    }
    if (shape == two) {
      family.branches = {{{name(0), name(1)}}, {{name(0), name(2)}}};
      lead(name(0), {name(1), name(2)});
    } else {
      family.branches.emplace_back();
      for (int at = 0; at < queues; ++at) family.branches[0].queues.push_back(name(at));
      for (int at = 0; at + 1 < queues; ++at) lead(name(at), {name(at + 1)});
      if (family.is_cyclic) lead(name(queues - 1), {name(0)});
      if (shape == nowhere) plan_.queues[name(0)].arguments.add(exchange_argument, "not there");
    }
    for (int at = 0; at < queues; ++at) add_arguments(plan_.queues[name(at)]);
    plan_.families.push_back(std::move(family));
  }

  // Dead letters of a queue go to others: by the default exchange or by one of its own.
  void lead(const std::string& from, std::vector<std::string> to) {
    QueuePlan& queue = plan_.queues[from];
    if (to.size() == 1 && chance(60)) {
      queue.arguments.add(exchange_argument, "");
      queue.arguments.add("x-dead-letter-routing-key", std::string_view(to[0]));
    } else {
      const std::string exchange = from + ".letters";
      queue.arguments.add(exchange_argument, std::string_view(exchange));
      plan_.fanouts[exchange] = to;
    }
    queue.letters_to = std::move(to);
  }

  void add_arguments(QueuePlan& queue) {
    // Most queues at the end of a branch just keep what they get: nothing may be missing there.
    const bool is_end = queue.letters_to.empty();
    if (is_end && !queue.is_source && chance(70)) return add_weightless(queue);
    if (chance(45)) set_number(queue, "x-message-ttl", *(queue.ttl = ttl()));
    add_limits(queue);
    if (chance(25)) {
      queue.delivery_limit = static_cast<std::uint32_t>(pick(4));
      set_number(queue, "x-delivery-limit", *queue.delivery_limit);
    }
    if (chance(25)) add_retry(queue);
    if (chance(15)) {
      queue.delay = between(1, 40);
      set_number(queue, "x-delivery-delay", queue.delay);
    }
    if (chance(25)) {
      queue.has_groups = true;
      queue.arguments.add("x-message-group", group_header);
    }
    if (queue.is_source && !queue.is_cyclic && chance(30)) add_deduplication(queue);
    add_weightless(queue);
  }

  // What decides about order only.
  void add_weightless(QueuePlan& queue) {
    if (chance(25)) {
      queue.priority_max = static_cast<std::uint8_t>(between(1, 4));
      set_number(queue, "x-max-priority", queue.priority_max);
      queue.has_weights = chance(30);
      if (queue.has_weights) queue.arguments.add("x-priority-weights", "1,3");
    }
    if (chance(10)) queue.arguments.add("x-single-active-consumer", true);
  }

  std::int64_t ttl() { return chance(10) ? 0 : between(1, 80); }

  void add_limits(QueuePlan& queue) {
    if (!chance(40)) return;
    if (chance(60)) {
      queue.length_max = pick(12);
      set_number(queue, "x-max-length", static_cast<std::int64_t>(*queue.length_max));
    }
    if (!queue.length_max || chance(20)) {
      queue.length_bytes_max = pick(1500);
      set_number(queue, "x-max-length-bytes", static_cast<std::int64_t>(*queue.length_bytes_max));
    }
    queue.refuses = queue.is_source && !queue.is_cyclic && chance(40);
    if (queue.refuses)
      queue.arguments.add("x-overflow", chance(50) ? "reject-publish" : "reject-publish-dlx");
  }

  void add_retry(QueuePlan& queue) {
    queue.retries = true;
    const char* const types[] = {"all", "failed", "returned"};
    queue.arguments.add("x-delayed-retry-type", types[pick(3)]);
    set_number(queue, "x-delayed-retry-min", between(1, 20));
    set_number(queue, "x-delayed-retry-max", between(20, 60));
    if (chance(50)) set_number(queue, "x-delayed-retry-multiplier", between(1, 3));
    if (chance(50)) set_number(queue, "x-delayed-retry-jitter", between(0, 100));
  }

  void add_deduplication(QueuePlan& queue) {
    queue.deduplicates = true;
    queue.arguments.add("x-message-deduplication", true);
    if (!chance(50)) return;
    queue.window = between(1, 200);
    set_number(queue, "x-cache-ttl", *queue.window);
  }

  static void set_number(QueuePlan& queue, const char* name, std::int64_t number) {
    queue.arguments.add(name, number);
  }

  static constexpr const char* exchange_argument = "x-dead-letter-exchange";
  std::mt19937_64& random_;
  Plan plan_;
};

}  // namespace

bool Branch::contains(const std::string& queue) const {
  return std::find(queues.begin(), queues.end(), queue) != queues.end();
}

const Family& Plan::family_of(const std::string& source) const {
  const auto at = std::find_if(families.begin(), families.end(),
                               [&](const Family& family) { return family.source == source; });
  ensure(at != families.end(), "a source without a family");
  return *at;
}

std::string describe(const Plan& plan) {
  std::string text;
  for (const auto& [name, queue] : plan.queues) {
    text += "\n    " + name;
    for (const FieldEntry& entry : queue.arguments.entries())
      text += " " + entry.name + "=" + field_text(entry.value);
    for (const std::string& to : queue.letters_to) text += " -> " + to;
  }
  return text;
}

Plan make_plan(std::mt19937_64& random) {
  return Planner(random).make();
}

}  // namespace tern::sim
