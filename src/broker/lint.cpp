// The linter's first half: each entry by itself, and whether what it names is there.
#include "broker/lint.hpp"

#include <fmt/format.h>

#include "broker/arguments.hpp"
#include "broker/effective.hpp"
#include "broker/lint_model.hpp"

namespace tern::broker {
namespace {

struct Predeclared {
  std::string_view name;
  std::string_view type;
};
constexpr Predeclared predeclared[] = {{"", "direct"},
                                       {"amq.direct", "direct"},
                                       {"amq.fanout", "fanout"},
                                       {"amq.headers", "headers"},
                                       {"amq.match", "headers"},
                                       {"amq.topic", "topic"},
                                       {"amq.rabbitmq.trace", "topic"}};

class Linter {
 public:
  Linter(const Definitions& definitions, const LintOptions& options)
      : definitions_(definitions), options_(options) {}

  std::vector<LintFinding> run() {
    for (const VhostDefinition& vhost : definitions_.vhosts) vhost_names_.insert(vhost.name);
    for (const UserDefinition& user : definitions_.users) user_names_.insert(user.name);
    lint_permissions();
    add_policies();
    add_exchanges();
    add_queues();
    add_bindings();
    for (auto& [name, vhost] : vhosts_) {
      lint_policies(vhost, findings_);
      lint_routing(vhost, findings_);
    }
    return findings_.take();
  }

 private:
  // An import into a broker that has it already is fine, so it is an error only where the file is
  // about such things.
  template <class Names>
  void expect_defined(const char* kind, const std::string& name, const Names& names,
                      const std::string& preset, const DefinitionOrigin& where) {
    if (names.contains(name) || name == preset) return;
    findings_.add(names.empty() ? LintLevel::warning : LintLevel::error, where,
                  fmt::format("{} '{}' is not defined", kind, name));
  }

  void expect_vhost(const std::string& name, const DefinitionOrigin& where) {
    expect_defined("virtual host", name, vhost_names_, options_.default_vhost, where);
  }

  void expect_pattern(const std::string& pattern, const char* key, const DefinitionOrigin& where) {
    if (const auto compiled = Pattern::compile(pattern); !compiled)
      findings_.error(where + "." + key, compiled.error().text);
  }

  void lint_permissions() {
    for (const PermissionDefinition& permission : definitions_.permissions) {
      expect_defined("user", permission.user, user_names_, options_.default_user,
                     permission.origin);
      expect_vhost(permission.vhost, permission.origin);
      expect_pattern(permission.configure, "configure", permission.origin);
      expect_pattern(permission.write, "write", permission.origin);
      expect_pattern(permission.read, "read", permission.origin);
    }
    for (const TopicPermissionDefinition& permission : definitions_.topic_permissions) {
      expect_defined("user", permission.user, user_names_, options_.default_user,
                     permission.origin);
      expect_vhost(permission.vhost, permission.origin);
      expect_pattern(permission.write, "write", permission.origin);
      expect_pattern(permission.read, "read", permission.origin);
    }
  }

  LintVhost& vhost_of(const std::string& name) {
    const auto [found, is_new] = vhosts_.try_emplace(name);
    LintVhost& vhost = found->second;
    if (!is_new) return vhost;
    vhost.name = name;
    for (const Predeclared& row : predeclared) {
      LintExchange exchange;
      exchange.name = row.name;
      exchange.type = row.type;
      exchange.is_fed = true;
      vhost.exchanges.push_back(std::move(exchange));
      vhost.exchange_places[row.name] = static_cast<std::uint32_t>(vhost.exchanges.size() - 1);
    }
    return vhost;
  }

  void add_policies() {
    std::map<std::string, std::vector<PolicyPointer>> books;
    for (const PolicyDefinition& definition : definitions_.policies) {
      expect_vhost(definition.vhost, definition.origin);
      auto policy = make_policy(definition);
      if (!policy) {
        findings_.error(definition.origin, policy.error().text);
        continue;
      }
      vhost_of(definition.vhost).policies.push_back(&definition);
      books[definition.vhost].push_back(std::move(*policy));
    }
    for (auto& [name, policies] : books)
      vhost_of(name).book = PolicyBook(std::move(policies), options_.policies_merge);
  }

  void add_exchanges() {
    for (const ExchangeDefinition& definition : definitions_.exchanges) {
      const ExchangeSpec& spec = definition.spec;
      expect_vhost(definition.vhost, definition.origin);
      if (exchange::find_exchange_type(spec.type) == nullptr) {
        findings_.error(definition.origin + ".type",
                        fmt::format("unknown exchange type '{}'", spec.type));
      } else if (auto checked = exchange::check_exchange(spec.type, spec.arguments); !checked) {
        findings_.error(definition.origin + ".arguments", checked.error().text);
      }
      if (auto error = check_exchange_arguments(spec.arguments, definition.vhost, spec.name))
        findings_.error(definition.origin + ".arguments", error->text);
      LintVhost& vhost = vhost_of(definition.vhost);
      if (vhost.exchange_places.contains(spec.name)) continue;
      ExchangeRecord record;
      record.name = spec.name;
      record.type = spec.type;
      record.arguments = spec.arguments;
      LintExchange exchange;
      exchange.definition = &definition;
      exchange.name = spec.name;
      exchange.type = spec.type;
      exchange.is_fed = !spec.internal;
      exchange.alternate = effective_alternate_exchange(record, vhost.book);
      vhost.exchanges.push_back(std::move(exchange));
      vhost.exchange_places[spec.name] = static_cast<std::uint32_t>(vhost.exchanges.size() - 1);
    }
  }

  void add_queues() {
    for (const QueueDefinition& definition : definitions_.queues) {
      const QueueSpec& spec = definition.spec;
      expect_vhost(definition.vhost, definition.origin);
      const auto error = check_queue_spec(spec, definition.vhost);
      if (error) findings_.error(definition.origin + ".arguments", error->text);
      LintVhost& vhost = vhost_of(definition.vhost);
      LintQueue queue;
      queue.definition = &definition;
      if (!error) queue.dead_letter = dead_letter_of(spec, vhost.book);
      vhost.queues.push_back(std::move(queue));
      vhost.queue_places[spec.name] = static_cast<std::uint32_t>(vhost.queues.size() - 1);
    }
  }

  static LintDeadLetter dead_letter_of(const QueueSpec& spec, const PolicyBook& book) {
    QueueRecord record;
    record.name = spec.name;
    record.durable = spec.durable;
    record.arguments = spec.arguments;
    const EffectiveQueue effective = effective_queue(record, book);
    LintDeadLetter result;
    result.is_set = effective.rules.has_dead_letter_exchange;
    result.exchange = effective.dead_letter_exchange;
    result.routing_key = effective.dead_letter_routing_key;
    for (const EffectiveArgument& argument : describe_effective(record, book)) {
      if (argument.key == "message-ttl" || argument.key == "max-length" ||
          argument.key == "max-length-bytes")
        result.is_by_itself = true;
    }
    return result;
  }

  static Result<void> check_binding(const LintExchange& source, const BindingSpec& spec) {
    if (exchange::find_exchange_type(source.type) == nullptr) return {};
    const FieldTable none;
    const FieldTable& own = source.definition == nullptr ? none : source.definition->spec.arguments;
    const std::string arguments = encode_entries(spec.arguments);
    return exchange::check_binding(source.type, own, {spec.routing_key, arguments});
  }

  void add_bindings() {
    for (const BindingDefinition& definition : definitions_.bindings) {
      const BindingSpec& spec = definition.spec;
      expect_vhost(definition.vhost, definition.origin);
      LintVhost& vhost = vhost_of(definition.vhost);
      LintExchange* source = vhost.find_exchange(spec.source);
      if (source == nullptr) {
        findings_.error(definition.origin + ".source",
                        fmt::format("exchange '{}' is not defined", spec.source));
      } else if (auto checked = check_binding(*source, spec); !checked) {
        findings_.error(definition.origin + ".arguments", checked.error().text);
        continue;
      }
      const auto& places = spec.to_exchange ? vhost.exchange_places : vhost.queue_places;
      const auto place = places.find(spec.destination);
      if (place == places.end()) {
        findings_.error(definition.origin + ".destination",
                        fmt::format("{} '{}' is not defined",
                                    spec.to_exchange ? "exchange" : "queue", spec.destination));
      }
      if (source == nullptr || place == places.end()) continue;
      source->bindings.push_back(&definition);
      source->targets.push_back(
          {spec.to_exchange ? exchange::Target::Kind::exchange : exchange::Target::Kind::queue,
           place->second});
    }
  }

  const Definitions& definitions_;
  const LintOptions& options_;
  LintFindings findings_;
  std::set<std::string> vhost_names_;
  std::set<std::string> user_names_;
  std::map<std::string, LintVhost> vhosts_;
};

}  // namespace

std::string_view to_text(LintLevel level) noexcept {
  switch (level) {
    case LintLevel::error:
      return "error";
    case LintLevel::warning:
      return "warning";
    case LintLevel::note:
      break;
  }
  return "note";
}

std::vector<LintFinding> lint_definitions(const Definitions& definitions,
                                          const LintOptions& options) {
  return Linter(definitions, options).run();
}

}  // namespace tern::broker
