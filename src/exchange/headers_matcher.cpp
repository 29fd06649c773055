// Routing by headers: reading a binding's rule, filing it, finding it (headers_matcher.hpp).
#include "exchange/headers_matcher.hpp"

#include <string>

#include "base/ensure.hpp"

namespace tern::exchange {
namespace {

constexpr Bytes mode_name = "x-match";

/// A byte string as RabbitMQ prints it: <<"bad">>, or <<1,2>> if it is not printable.
std::string quoted(Bytes text) {
  std::string printable;
  std::string numbers;
  bool is_printable = true;
  for (const char c : text) {
    is_printable = is_printable && c >= ' ' && c <= '~';
    if (c == '"' || c == '\\') printable += '\\';
    printable += c;
    if (!numbers.empty()) numbers += ',';
    numbers += std::to_string(static_cast<unsigned char>(c));
  }
  if (text.empty()) return "<<>>";
  return is_printable ? "<<\"" + printable + "\">>" : "<<" + numbers + ">>";
}

std::string printed(const FieldView& field) {
  if (const auto integer = field.integer()) return std::to_string(*integer);
  if (field.tag == 'V') return "undefined";
  if (field.tag == 't') return field.content == Bytes("\0", 1) ? "false" : "true";
  return quoted(field.content);
}

/// The four modes, taken apart. What is not known counts as `all`.
struct Mode {
  Bytes name;
  bool any;
  bool with_x;  ///< arguments whose names begin with "x-" are conditions too
};
constexpr Mode modes[] = {{"all", false, false},
                          {"any", true, false},
                          {"all-with-x", false, true},
                          {"any-with-x", true, true}};

const Mode* find_mode(Bytes name) noexcept {
  for (const Mode& mode : modes)
    if (mode.name == name) return &mode;
  return nullptr;
}

const Mode& mode_of(Bytes arguments) noexcept {
  const auto field = TableView(arguments).find(mode_name);
  if (!field || !field->text()) return modes[0];
  const Mode* const mode = find_mode(*field->text());
  return mode == nullptr ? modes[0] : *mode;
}

}  // namespace

Result<void> HeadersMatcher::check_binding(const NewBinding& binding) {
  const auto field = TableView(binding.arguments).find(mode_name);
  if (!field) return {};
  if (!field->text())
    return Error{std::string("Invalid x-match field type ") + field->type_name() + " (value " +
                 printed(*field) + "); expected longstr"};
  if (find_mode(*field->text()) != nullptr) return {};
  return Error{"Invalid x-match field value " + quoted(*field->text()) +
               "; expected all, any, all-with-x, or any-with-x"};
}

bool HeadersMatcher::bind(const Binding& binding) {
  Rules::Node* const added = bindings_.insert(binding);
  if (added == nullptr) return false;
  read_rule(*added);
  added->second.places = choose_places(added->second);
  for (std::uint32_t i = 0; i < added->second.places.size(); ++i) add_to_file(*added, i);
  return true;
}

bool HeadersMatcher::unbind(const Binding& binding) {
  const Rules::Node* const found = bindings_.find(binding);
  if (found == nullptr) return false;
  for (const Place& place : found->second.places) {
    if (is_presence(found->second, place)) --presence_count_;
    remove_from_file(place);
  }
  bindings_.erase(*found);
  return true;
}

void HeadersMatcher::route(const RouteInput& input, TargetSet& targets) const {
  if (files_.empty()) return;
  message_.decode(input.headers);
  collect(always, targets);
  for (const HeaderField& field : message_.fields()) {
    collect(field.hash, targets);
    if (presence_count_ > 0 && field.hash != field.name_hash) collect(field.name_hash, targets);
  }
}

void HeadersMatcher::read_rule(Rules::Node& binding) {
  const Bytes arguments = binding.first.arguments;
  const Mode& mode = mode_of(arguments);
  Rule& rule = binding.second;
  rule.any = mode.any;
  TableView table(arguments);
  while (const auto entry = table.next()) {
    const bool is_own = mode.with_x ? entry->name == mode_name : entry->name.starts_with("x-");
    if (!is_own) rule.conditions.push_back(to_header_field(entry->name, entry->value));
  }
}

std::vector<HeadersMatcher::Place> HeadersMatcher::choose_places(const Rule& rule) const {
  std::vector<Place> places;
  std::size_t fewest = 0;
  for (std::uint32_t i = 0; i < rule.conditions.size(); ++i) {
    const Place place{rule.conditions[i].hash, 0, i};
    if (rule.any) {
      places.push_back(place);
      continue;
    }
    const auto file = files_.find(place.key);
    const std::size_t count = file == files_.end() ? 0 : file->second.size();
    if (!places.empty() && count >= fewest) continue;
    places.assign(1, place);
    fewest = count;
  }
  if (places.empty() && !rule.any) places.push_back({});
  return places;
}

bool HeadersMatcher::is_presence(const Rule& rule, const Place& place) noexcept {
  return !rule.conditions.empty() && rule.conditions[place.condition].value.family == 'V';
}

void HeadersMatcher::add_to_file(Rules::Node& binding, std::uint32_t number) {
  Rule& rule = binding.second;
  Place& place = rule.places[number];
  File& file = files_[place.key];
  place.slot = static_cast<std::uint32_t>(file.size());
  file.push_back({&binding, number});
  if (is_presence(rule, place)) ++presence_count_;
}

void HeadersMatcher::remove_from_file(const Place& place) {
  const auto at = files_.find(place.key);
  ensure(at != files_.end(), "binding is in no file");
  File& file = at->second;
  ensure(place.slot < file.size(), "binding is not in this file");
  Filed& filed = file[place.slot];
  ensure(&filed.binding->second.places[filed.place] == &place, "slot belongs to another binding");
  // Copied: `place` may be the very one that the last line is about.
  const std::uint32_t slot = place.slot;
  filed = file.back();
  filed.binding->second.places[filed.place].slot = slot;
  file.pop_back();
  if (file.empty()) files_.erase(at);
}

void HeadersMatcher::collect(FileKey key, TargetSet& targets) const {
  const auto file = files_.find(key);
  if (file == files_.end()) return;
  for (const Filed& filed : file->second)
    if (is_met(filed)) targets.add(filed.binding->first.target);
}

bool HeadersMatcher::is_met(const Filed& filed) const {
  const Rule& rule = filed.binding->second;
  if (rule.any) return holds(rule.conditions[rule.places[filed.place].condition]);
  for (const HeaderField& condition : rule.conditions)
    if (!holds(condition)) return false;
  return true;
}

bool HeadersMatcher::holds(const HeaderField& condition) const {
  const HeaderField* const field = message_.find(condition);
  if (field == nullptr) return false;
  return condition.value.family == 'V' || condition.value == field->value;
}

}  // namespace tern::exchange
