#include "broker/control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "broker/definitions_files.hpp"
#include "broker/definitions_json.hpp"
#include "broker/definitions_merge.hpp"
#include "broker/definitions_names.hpp"

namespace tern::broker {
namespace {

struct Parts {
  Management& management;
  Operations& operations;
  const Control::Facts& facts;
};

// A request being answered.
struct Request {
  JsonObject& fields;
  Findings& findings;
  Parts parts;
  Control::Reply reply;

  void fail(const std::string& text) const { send({{"error", text}}); }
  void done(Json more = Json::object()) const {
    more["ok"] = true;
    send(more);
  }
  /// Nothing may be done with a request that has faults.
  [[nodiscard]] bool refuse_faults() const {
    if (findings.has_errors()) fail(findings.error_text());
    return findings.has_errors();
  }
  [[nodiscard]] Management::Done when_done(Json more = Json::object()) const {
    return
        [reply = reply, more = std::move(more)](const std::optional<BrokerError>& error) mutable {
          if (!error) more["ok"] = true;
          const Json line = error ? Json{{"error", error->text}} : std::move(more);
          reply(line.dump(-1, ' ', false, Json::error_handler_t::replace));
        };
  }
  [[nodiscard]] std::optional<std::string> vhost_filter() const {
    const Json* vhost = fields.find("vhost");
    if (vhost == nullptr || !vhost->is_string()) return std::nullopt;
    return vhost->get<std::string>();
  }
  [[nodiscard]] std::string vhost() const { return fields.name("vhost"); }

 private:
  void send(const Json& line) const {
    reply(line.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
};

Json table(std::initializer_list<const char*> columns, Json rows) {
  return {{"columns", Json(std::vector<std::string>(columns.begin(), columns.end()))},
          {"rows", std::move(rows)}};
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ","));
}

bool knows_vhost(const Definitions& all, const std::string& name) {
  return std::any_of(all.vhosts.begin(), all.vhosts.end(),
                     [&](const VhostDefinition& vhost) { return vhost.name == name; });
}

const UserDefinition* find_user(const Definitions& all, const std::string& name) {
  const auto found = std::find_if(all.users.begin(), all.users.end(),
                                  [&](const UserDefinition& user) { return user.name == name; });
  return found == all.users.end() ? nullptr : &*found;
}

// --- definitions --------------------------------------------------------------------------------

void export_definitions(const Request& request) {
  const auto vhost = request.vhost_filter();
  if (vhost && !knows_vhost(request.parts.management.export_definitions({}), *vhost))
    return request.fail(fmt::format("vhost '{}' not found", *vhost));
  const Definitions all = request.parts.management.export_definitions(vhost);
  request.done({{"text", format_definitions(all, vhost)}});
}

void import_definitions(const Request& request) {
  const Json* files = request.fields.find("files");
  if (files == nullptr || !files->is_array()) return request.fail("expected \"files\", a list");
  const auto vhost = request.vhost_filter();
  Definitions all;
  std::vector<std::string> warnings;
  std::string errors;
  for (const Json& file : *files) {
    const auto name = file.value("name", std::string());
    auto parsed = parse_definitions(file.value("text", std::string()), name, vhost, &warnings);
    const Result<void> merged =
        parsed ? merge_definitions(all, std::move(*parsed)) : Result<void>(parsed.error());
    if (!merged) errors += (errors.empty() ? "" : "\n") + merged.error().text;
  }
  if (!errors.empty()) return request.fail(errors);
  request.parts.management.import(all, request.when_done({{"warnings", warnings}}));
}

// --- policies -----------------------------------------------------------------------------------

void set_policy(const Request& request) {
  PolicyDefinition policy;
  policy.vhost = request.vhost();
  policy.name = request.fields.name("name");
  policy.pattern = request.fields.text("pattern");
  policy.definition = request.fields.table("definition");
  policy.priority = request.fields.integer("priority", 0);
  policy.is_operator = request.fields.flag("operator", false);
  const auto apply_to = parse_apply_to(request.fields.text("apply-to", "all"));
  if (!apply_to)
    request.fields.mismatch("apply-to",
                            "all, queues, classic_queues, quorum_queues, streams or exchanges");
  if (request.refuse_faults()) return;
  policy.apply_to = *apply_to;
  request.parts.management.set_policy(policy, request.when_done());
}

void clear_policy(const Request& request) {
  const std::string vhost = request.vhost();
  const std::string name = request.fields.name("name");
  const bool is_operator = request.fields.flag("operator", false);
  if (request.refuse_faults()) return;
  request.parts.management.clear_policy(vhost, name, is_operator, request.when_done());
}

void list_policies(const Request& request) {
  Definitions all = request.parts.management.export_definitions(request.vhost_filter());
  sort_definitions(all);
  Json rows = Json::array();
  for (const PolicyDefinition& policy : all.policies)
    rows.push_back(
        {policy.vhost, policy.name, policy.is_operator ? "operator" : "user", policy.pattern,
         to_text(policy.apply_to), policy.priority,
         table_to_json(policy.definition).dump(-1, ' ', false, Json::error_handler_t::replace)});
  request.done(table({"vhost", "name", "kind", "pattern", "apply-to", "priority", "definition"},
                     std::move(rows)));
}

// --- queues -------------------------------------------------------------------------------------

// Counts come from the queues' shards in any order; the last one sends the table.
struct QueueList {
  struct Row {
    std::string vhost;
    std::string name;
    std::atomic<std::uint64_t> ready{0};
    std::atomic<std::uint64_t> unacked{0};
    std::string settings;
  };
  std::vector<Row> rows;
  std::atomic<std::size_t> missing{0};
  Control::Reply reply;

  void arrived() {
    if (missing.fetch_sub(1) != 1) return;
    Json lines = Json::array();
    for (const Row& row : rows)
      lines.push_back({row.vhost, row.name, row.ready.load() + row.unacked.load(), row.ready.load(),
                       row.unacked.load(), row.settings});
    Json line =
        table({"vhost", "name", "messages", "ready", "unacked", "settings"}, std::move(lines));
    line["ok"] = true;
    reply(line.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
};

std::string settings_text(const Outcome<std::vector<EffectiveArgument>>& settings) {
  std::vector<std::string> parts;
  if (settings) {
    for (const EffectiveArgument& each : *settings)
      parts.push_back(fmt::format("{}={} ({})", each.key, each.value, each.source));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void list_queues(const Request& request) {
  Definitions all = request.parts.management.export_definitions(request.vhost_filter());
  sort_definitions(all);
  auto list = std::make_shared<QueueList>();
  list->rows = std::vector<QueueList::Row>(all.queues.size());
  list->reply = request.reply;
  // One more than there are questions: nothing is sent before all were asked.
  list->missing = 2 * all.queues.size() + 1;
  for (std::size_t index = 0; index < all.queues.size(); ++index) {
    const QueueDefinition& queue = all.queues[index];
    QueueList::Row& row = list->rows[index];
    row.vhost = queue.vhost;
    row.name = queue.spec.name;
    row.settings = settings_text(
        request.parts.management.effective_arguments(queue.vhost, queue.spec.name, false));
    const Holder holder{queue.vhost, queue.spec.name, false};
    for (const auto state : {queue::MessageState::ready, queue::MessageState::unacked}) {
      auto& count = state == queue::MessageState::ready ? row.ready : row.unacked;
      request.parts.operations.count(holder, state,
                                     [list, &count](const Outcome<std::uint64_t>& counted) {
                                       if (counted) count = *counted;
                                       list->arrived();
                                     });
    }
  }
  list->arrived();
}

// --- users, permissions, virtual hosts ----------------------------------------------------------

void add_user(const Request& request) {
  const std::string name = request.fields.name("name");
  const std::string password = request.fields.text("password");
  const auto tags = request.fields.words("tags");
  if (request.refuse_faults()) return;
  if (find_user(request.parts.management.export_definitions({}), name) != nullptr)
    return request.fail(
        fmt::format("user '{}' exists already; `user passwd` gives it another password", name));
  request.parts.management.set_user(name, password, tags, request.when_done());
}

void change_password(const Request& request) {
  const std::string name = request.fields.name("name");
  const std::string password = request.fields.text("password");
  if (request.refuse_faults()) return;
  const Definitions all = request.parts.management.export_definitions({});
  const UserDefinition* user = find_user(all, name);
  if (user == nullptr) return request.fail(fmt::format("user '{}' not found", name));
  request.parts.management.set_user(name, password, user->tags, request.when_done());
}

void delete_user(const Request& request) {
  const std::string name = request.fields.name("name");
  if (request.refuse_faults()) return;
  request.parts.management.delete_user(name, request.when_done());
}

void list_users(const Request& request) {
  Definitions all = request.parts.management.export_definitions({});
  sort_definitions(all);
  Json rows = Json::array();
  for (const UserDefinition& user : all.users) rows.push_back({user.name, joined(user.tags)});
  request.done(table({"name", "tags"}, std::move(rows)));
}

void set_permission(const Request& request) {
  PermissionDefinition permission;
  permission.vhost = request.vhost();
  permission.user = request.fields.name("user");
  permission.configure = request.fields.text("configure");
  permission.write = request.fields.text("write");
  permission.read = request.fields.text("read");
  if (request.refuse_faults()) return;
  request.parts.management.set_permission(permission, request.when_done());
}

void clear_permission(const Request& request) {
  const std::string vhost = request.vhost();
  const std::string user = request.fields.name("user");
  if (request.refuse_faults()) return;
  request.parts.management.clear_permission(vhost, user, request.when_done());
}

void list_permissions(const Request& request) {
  const auto vhost = request.vhost_filter();
  Definitions all = request.parts.management.export_definitions({});
  sort_definitions(all);
  Json rows = Json::array();
  for (const PermissionDefinition& each : all.permissions) {
    if (!vhost || *vhost == each.vhost)
      rows.push_back({each.vhost, each.user, each.configure, each.write, each.read});
  }
  request.done(table({"vhost", "user", "configure", "write", "read"}, std::move(rows)));
}

void add_vhost(const Request& request) {
  VhostDefinition vhost;
  vhost.name = request.fields.name("name");
  vhost.description = request.fields.text("description", "");
  if (request.refuse_faults()) return;
  if (knows_vhost(request.parts.management.export_definitions({}), vhost.name))
    return request.fail(fmt::format("vhost '{}' exists already", vhost.name));
  request.parts.management.set_vhost(vhost, request.when_done());
}

void delete_vhost(const Request& request) {
  const std::string name = request.fields.name("name");
  if (request.refuse_faults()) return;
  request.parts.management.delete_vhost(name, request.when_done());
}

void list_vhosts(const Request& request) {
  Definitions all = request.parts.management.export_definitions({});
  sort_definitions(all);
  Json rows = Json::array();
  for (const VhostDefinition& vhost : all.vhosts) rows.push_back({vhost.name, vhost.description});
  request.done(table({"name", "description"}, std::move(rows)));
}

void show_status(const Request& request) {
  const Definitions all = request.parts.management.export_definitions({});
  Json rows = Json::array();
  for (const auto& [name, value] : request.parts.facts) rows.push_back({name, value});
  rows.push_back({"virtual hosts", all.vhosts.size()});
  rows.push_back({"users", all.users.size()});
  rows.push_back({"exchanges", all.exchanges.size()});
  rows.push_back({"queues", all.queues.size()});
  rows.push_back({"bindings", all.bindings.size()});
  rows.push_back({"policies", all.policies.size()});
  request.done(table({"name", "value"}, std::move(rows)));
}

struct Command {
  std::string_view name;
  void (*run)(const Request&);
};

constexpr Command commands[] = {
    {"definitions.export", export_definitions},
    {"definitions.import", import_definitions},
    {"policy.set", set_policy},
    {"policy.clear", clear_policy},
    {"policy.list", list_policies},
    {"queue.list", list_queues},
    {"user.add", add_user},
    {"user.passwd", change_password},
    {"user.delete", delete_user},
    {"user.list", list_users},
    {"permission.set", set_permission},
    {"permission.clear", clear_permission},
    {"permission.list", list_permissions},
    {"vhost.add", add_vhost},
    {"vhost.delete", delete_vhost},
    {"vhost.list", list_vhosts},
    {"status", show_status},
};

// Depth is bounded before anything recursive sees the value.
Json parse_request(std::string_view line) {
  const auto stop_at_depth = [](int depth, Json::parse_event_t, const Json&) {
    if (depth > definitions_depth_max) throw std::length_error("too deep");
    return true;
  };
  try {
    return Json::parse(line.begin(), line.end(), stop_at_depth, true);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

Control::Control(Management& management, Operations& operations, Facts facts)
    : management_(management), operations_(operations), facts_(std::move(facts)) {}

void Control::handle(std::string_view line, Reply reply) {
  const Json parsed = parse_request(line);
  Findings findings("request");
  const Json nothing = Json::object();
  JsonObject fields(parsed.is_object() ? parsed : nothing, "$", findings);
  const Request request{fields, findings, {management_, operations_, facts_}, std::move(reply)};
  if (!parsed.is_object()) return request.fail("this is no request: expected a JSON object");
  const std::string name = fields.text("command");
  for (const Command& command : commands) {
    if (command.name != name) continue;
    try {
      return command.run(request);
    } catch (const Json::exception&) {
      return request.fail("this request has a value of the wrong type");
    }
  }
  request.fail(
      fmt::format("unknown command '{}'; ctl and broker may be of different versions", name));
}

}  // namespace tern::broker
