// One table of actions; what they mean is the broker's business (broker/control.cpp).
#include "cli/ctl.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/control_client.hpp"
#include "config/nearest.hpp"

namespace tern::cli {
namespace {

using Json = nlohmann::json;

// What follows an action's words.
struct Given {
  std::vector<std::string> positions;
  std::map<std::string, std::string> flags;  ///< without the dashes; "true" for one without value
};

struct Action {
  std::string_view words;    ///< "policy set"
  std::string_view command;  ///< the broker's name for it
  std::string_view usage;    ///< what follows the words
  std::string_view summary;
  std::vector<std::string_view> positions;  ///< request fields; in brackets: may be left out
  std::vector<std::string_view> flags;
};

const std::vector<Action> actions = {
    {"definitions export",
     "definitions.export",
     "[FILE] [--vhost NAME]",
     "Write all definitions to FILE or standard output.",
     {"[file]"},
     {"vhost"}},
    {"definitions import",
     "definitions.import",
     "FILE… [--vhost NAME]",
     "Take over definitions, all or nothing.",
     {"files"},
     {"vhost"}},
    {"policy set",
     "policy.set",
     "NAME PATTERN DEFINITION [--vhost NAME] [--apply-to KIND] [--priority N] [--operator]",
     "Make or replace a policy; DEFINITION is JSON.",
     {"name", "pattern", "definition"},
     {"vhost", "apply-to", "priority", "operator"}},
    {"policy clear",
     "policy.clear",
     "NAME [--vhost NAME] [--operator]",
     "Remove a policy.",
     {"name"},
     {"vhost", "operator"}},
    {"policy list", "policy.list", "[--vhost NAME]", "List policies.", {}, {"vhost"}},
    {"list queues",
     "queue.list",
     "[--vhost NAME]",
     "List queues, their messages, and their settings with where each comes from.",
     {},
     {"vhost"}},
    {"user add",
     "user.add",
     "NAME [PASSWORD] [--tags A,B]",
     "Add a user; without PASSWORD it is read from standard input.",
     {"name", "[password]"},
     {"tags"}},
    {"user passwd",
     "user.passwd",
     "NAME [PASSWORD]",
     "Give a user another password.",
     {"name", "[password]"},
     {}},
    {"user delete", "user.delete", "NAME", "Remove a user.", {"name"}, {}},
    {"user list", "user.list", "", "List users.", {}, {}},
    {"permissions set",
     "permission.set",
     "USER CONFIGURE WRITE READ [--vhost NAME]",
     "Say what a user may do: three regular expressions.",
     {"user", "configure", "write", "read"},
     {"vhost"}},
    {"permissions clear",
     "permission.clear",
     "USER [--vhost NAME]",
     "Take a user's permissions in a virtual host away.",
     {"user"},
     {"vhost"}},
    {"permissions list", "permission.list", "[--vhost NAME]", "List permissions.", {}, {"vhost"}},
    {"vhost add",
     "vhost.add",
     "NAME [--description TEXT]",
     "Add a virtual host.",
     {"name"},
     {"description"}},
    {"vhost delete",
     "vhost.delete",
     "NAME",
     "Remove a virtual host with all that is in it.",
     {"name"},
     {}},
    {"vhost list", "vhost.list", "", "List virtual hosts.", {}, {}},
    {"status", "status", "", "Show what runs and what it holds.", {}, {}},
};

constexpr std::string_view socket_flags[] = {"socket", "data-dir", "config"};
constexpr std::string_view lone_flags[] = {"operator"};

std::string help_text() {
  std::string help =
      "Usage: ternmq ctl ACTION [--socket PATH | --data-dir DIR | --config FILE]\n\n"
      "Asks a broker on this machine, through the socket `control.sock` in its data directory.\n"
      "The broker is found by the same settings that it was started with; --vhost is '/' where\n"
      "an action is about one virtual host and none is named.\n\nActions:\n";
  for (const Action& action : actions)
    help += fmt::format("  {} {}\n      {}\n", action.words, action.usage, action.summary);
  return help;
}

template <class Range>
bool contains(const Range& range, std::string_view wanted) {
  return std::find(std::begin(range), std::end(range), wanted) != std::end(range);
}

int refuse(const Invocation& invocation, const std::string& text) {
  invocation.err << "ternmq ctl: " << text << '\n';
  return exit_usage;
}

// The action that the first one or two arguments name, and how many that were.
const Action* find_action(std::span<const std::string> arguments, std::size_t& used) {
  for (const Action& action : actions) {
    for (used = 1; used <= std::min<std::size_t>(2, arguments.size()); ++used) {
      const std::string words = used == 1 ? arguments[0] : arguments[0] + " " + arguments[1];
      if (action.words == words) return &action;
    }
  }
  return nullptr;
}

int unknown_action(const Invocation& invocation, std::span<const std::string> arguments) {
  std::string given = arguments[0];
  if (arguments.size() > 1 && !arguments[1].starts_with("-")) given += " " + arguments[1];
  std::vector<std::string> names;
  for (const Action& action : actions) names.emplace_back(action.words);
  return refuse(invocation,
                fmt::format("unknown action '{}'; the nearest one is '{}' (`ternmq ctl --help` "
                            "lists all)",
                            given, config::nearest(given, names)));
}

// Cuts what follows an action's words. Returns what is wrong with it, or nothing.
std::optional<std::string> cut(const Action& action, std::span<const std::string> arguments,
                               Given& given) {
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string& argument = arguments[index];
    if (!argument.starts_with("--")) {
      given.positions.push_back(argument);
      continue;
    }
    const auto equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (!contains(action.flags, name) && !contains(socket_flags, name)) {
      std::vector<std::string> names;
      for (const auto flag : action.flags) names.push_back("--" + std::string(flag));
      for (const auto flag : socket_flags) names.push_back("--" + std::string(flag));
      return fmt::format("unknown flag --{}; the nearest valid one is {}", name,
                         config::nearest("--" + name, names));
    }
    if (equals != std::string::npos) {
      given.flags[name] = argument.substr(equals + 1);
    } else if (contains(lone_flags, name)) {
      given.flags[name] = "true";
    } else if (index + 1 < arguments.size()) {
      given.flags[name] = arguments[++index];
    } else {
      return fmt::format("--{} needs a value", name);
    }
  }
  return std::nullopt;
}

// The broker's settings say where its socket is.
Result<ControlPlace> find_place(const Invocation& invocation, const Given& given) {
  if (const auto socket = given.flags.find("socket"); socket != given.flags.end())
    return ControlPlace{socket->second, {}};
  std::vector<std::string> settings;
  for (const char* name : {"data-dir", "config"}) {
    const auto found = given.flags.find(name);
    if (found != given.flags.end()) settings.push_back(fmt::format("--{}={}", name, found->second));
  }
  const auto loaded = config::load({settings, invocation.environment});
  if (!loaded.errors.empty()) return Error{fmt::format("{}", fmt::join(loaded.errors, "\n"))};
  const config::Config& config = loaded.config;
  if (!config.control.socket.empty()) return ControlPlace{config.control.socket, {}};
  return ControlPlace{config.data_dir + "/" + config::control_socket_name, config.data_dir};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream input(path, std::ios::binary);
  if (!input) return Error{fmt::format("{}: cannot read this file", path)};
  std::string text{std::istreambuf_iterator<char>(input), {}};
  if (input.bad()) return Error{fmt::format("{}: cannot read this file", path)};
  return Result<std::string>(boost::system::in_place_value, std::move(text));
}

// Of two ways to tell a password only one is seen by every user of the machine.
std::string ask_password(const Invocation& invocation) {
  if (::isatty(STDIN_FILENO) != 0) invocation.err << "Password: " << std::flush;
  std::string password;
  std::getline(std::cin, password);
  return password;
}

std::optional<std::string> add_files(Json& request, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    auto text = read_file(file);
    if (!text) return text.error().text;
    request["files"].push_back({{"name", file}, {"text", *text}});
  }
  return std::nullopt;
}

std::optional<std::string> add_value(Json& request, const std::string& field,
                                     const std::string& value) {
  if (field == "definition") {
    request[field] = Json::parse(value, nullptr, false);
    if (!request[field].is_object())
      return fmt::format("DEFINITION is a JSON object, as in '{{\"max-length\": 1000}}', not '{}'",
                         value);
  } else if (field == "priority") {
    request[field] = Json::parse(value, nullptr, false);
    if (!request[field].is_number_integer())
      return fmt::format("--priority is a whole number, not '{}'", value);
  } else if (field == "operator") {
    request[field] = value == "true";
  } else {
    request[field] = value;
  }
  return std::nullopt;
}

// The request, or what is wrong with the command line.
Result<Json> make_request(const Invocation& invocation, const Action& action, const Given& given) {
  Json request = {{"command", action.command}};
  const auto usage = [&](const std::string& what) {
    return Error{fmt::format("{}; usage: ternmq ctl {} {}", what, action.words, action.usage)};
  };
  if (contains(action.positions, "files")) {
    if (given.positions.empty()) return usage("no file is named");
    if (auto error = add_files(request, given.positions)) return Error{*error};
  } else if (given.positions.size() > action.positions.size()) {
    return usage(fmt::format("unexpected argument '{}'", given.positions[action.positions.size()]));
  }
  for (std::size_t index = 0; index < action.positions.size(); ++index) {
    std::string_view field = action.positions[index];
    const bool is_optional = field.starts_with("[");
    if (is_optional) field = field.substr(1, field.size() - 2);
    if (field == "files" || field == "file") continue;
    std::string value;
    if (index < given.positions.size())
      value = given.positions[index];
    else if (field == "password")
      value = ask_password(invocation);
    else
      return usage(fmt::format("no {} is given", field));
    if (auto error = add_value(request, std::string(field), value)) return Error{*error};
  }
  for (const std::string_view flag : action.flags) {
    const auto found = given.flags.find(std::string(flag));
    if (found == given.flags.end()) continue;
    if (auto error = add_value(request, found->first, found->second)) return Error{*error};
  }
  // Lists and definitions are about all virtual hosts unless one is named, all else about one.
  const bool takes_all = action.words.ends_with("list") || action.words.starts_with("list") ||
                         action.words.starts_with("definitions");
  if (contains(action.flags, "vhost") && !takes_all && !request.contains("vhost"))
    request["vhost"] = "/";
  return Result<Json>(boost::system::in_place_value, std::move(request));
}

std::string cell(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Columns as wide as their widest cell, but for the last one.
void print_table(std::ostream& out, const Json& columns, const Json& rows) {
  std::vector<std::vector<std::string>> lines(1);
  for (const Json& column : columns) lines[0].push_back(cell(column));
  for (const Json& row : rows) {
    lines.emplace_back();
    for (const Json& value : row) lines.back().push_back(cell(value));
  }
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t index = 0; index < std::min(line.size(), widths.size()); ++index)
      widths[index] = std::max(widths[index], line[index].size());
  }
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t index = 0; index < line.size(); ++index)
      text += fmt::format("{:<{}}", line[index], index + 1 < line.size() ? widths[index] + 2 : 0);
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  }
}

int print_reply(const Invocation& invocation, const Given& given, const std::string& line) {
  const Json reply = Json::parse(line, nullptr, false);
  if (!reply.is_object()) {
    invocation.err << "ternmq ctl: the broker's reply makes no sense\n";
    return exit_failure;
  }
  if (reply.contains("error")) {
    invocation.err << cell(reply["error"]) << '\n';
    return exit_failure;
  }
  for (const Json& warning : reply.value("warnings", Json::array()))
    invocation.err << "warning: " << cell(warning) << '\n';
  if (reply.contains("rows")) print_table(invocation.out, reply["columns"], reply["rows"]);
  if (!reply.contains("text")) return 0;
  if (given.positions.empty()) {
    invocation.out << cell(reply["text"]);
    return 0;
  }
  // It holds password hashes.
  const auto mask = ::umask(0077);
  std::ofstream file(given.positions[0], std::ios::binary | std::ios::trunc);
  ::umask(mask);
  file << cell(reply["text"]) << std::flush;
  if (file) return 0;
  invocation.err << given.positions[0] << ": cannot write this file\n";
  return exit_failure;
}

}  // namespace

int run_ctl(const Invocation& invocation, std::span<const std::string> arguments) {
  if (contains(arguments, "--help") || contains(arguments, "-h") || arguments.empty()) {
    (arguments.empty() ? invocation.err : invocation.out) << help_text();
    return arguments.empty() ? exit_usage : 0;
  }
  // The broker may be named before the action.
  Given before;
  while (!arguments.empty() && arguments[0].starts_with("--")) {
    const bool has_value = arguments[0].find('=') != std::string::npos;
    const auto part =
        arguments.subspan(0, has_value ? 1 : std::min<std::size_t>(2, arguments.size()));
    if (auto error = cut({}, part, before)) return refuse(invocation, *error);
    arguments = arguments.subspan(part.size());
  }
  if (arguments.empty()) return refuse(invocation, "no action is named; see `ternmq ctl --help`");
  std::size_t used = 0;
  const Action* action = find_action(arguments, used);
  if (action == nullptr) return unknown_action(invocation, arguments);
  Given given = before;
  if (auto error = cut(*action, arguments.subspan(used), given)) return refuse(invocation, *error);
  const auto request = make_request(invocation, *action, given);
  if (!request) return refuse(invocation, request.error().text);
  const auto place = find_place(invocation, given);
  if (!place) return refuse(invocation, place.error().text);
  const auto reply =
      ask_broker(*place, request->dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!reply) {
    invocation.err << "ternmq ctl: " << reply.error().text << '\n';
    return exit_failure;
  }
  return print_reply(invocation, given, *reply);
}

}  // namespace tern::cli
