// Routing by weighted rendezvous hashing (consistent_hash_matcher.hpp).
#include "exchange/consistent_hash_matcher.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "exchange/header_fields.hpp"
#include "exchange/stable_hash.hpp"
#include "message/field_text.hpp"
#include "message/properties.hpp"

namespace tern::exchange {
namespace {

// Far above any use, and small enough that no sum of weights overflows.
constexpr std::int64_t weight_max = 1'000'000'000'000;

/// A whole number as Erlang reads it, brought into -1..weight_max; nothing if it is none.
std::optional<std::int64_t> parse_weight(Bytes text) noexcept {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = std::min(weight_max, number * 10 + (c - '0'));
  }
  return is_negative && number > 0 ? -1 : number;
}

std::uint64_t seed_of(Target target) noexcept {
  return mix_bits(std::uint64_t{target.id} << 1 | static_cast<std::uint64_t>(target.kind));
}

/// What a hash of the winner of a group means among groups: -1 / ln(u) for u in (0, 1), times the
/// weight. 52 bits, so that u is never 1.
double score_of(std::uint64_t hash, std::uint64_t weight) noexcept {
  const double u = (static_cast<double>(hash >> 12) + 0.5) * 0x1p-52;
  return static_cast<double>(weight) / -std::log(u);
}

std::uint64_t hash_of_field(const std::optional<FieldView>& field) noexcept {
  // Those without the header stay together, as in RabbitMQ.
  const HeaderValue value = field ? to_header_value(*field) : HeaderValue{};
  return mix_bits(stable_hash(value.content) ^
                  mix_bits(value.bits + static_cast<std::uint8_t>(value.family)));
}

const std::string* text_of(const FieldTable& arguments, std::string_view name) noexcept {
  const FieldValue* const value = arguments.find(name);
  return value == nullptr ? nullptr : value->as<std::string>();
}

}  // namespace

Result<void> ConsistentHashMatcher::check_exchange(const FieldTable& arguments) {
  for (const std::string_view name : {"hash-header", "hash-property"}) {
    if (arguments.find(name) != nullptr && text_of(arguments, name) == nullptr)
      return Error{"Invalid argument, '" + std::string(name) + "' must be a string"};
  }
  const std::string* const property = text_of(arguments, "hash-property");
  if (property == nullptr) return {};
  if (text_of(arguments, "hash-header") != nullptr)
    return Error{"hash-header and hash-property are mutually exclusive"};
  if (*property == "message_id" || *property == "correlation_id" || *property == "timestamp")
    return {};
  return Error{"Unsupported property: " + *property};
}

Result<void> ConsistentHashMatcher::check_binding(const NewBinding& binding) {
  const auto weight = parse_weight(binding.routing_key);
  if (!weight)
    return Error{"The binding key must be an integer: " + erlang_binary(binding.routing_key)};
  if (*weight < 1) return Error{"The binding key must be greater than 0"};
  return {};
}

ConsistentHashMatcher::ConsistentHashMatcher(const FieldTable& arguments) {
  if (const std::string* const header = text_of(arguments, "hash-header")) {
    source_ = Source::header;
    header_ = *header;
  }
  if (const std::string* const property = text_of(arguments, "hash-property"))
    source_ = *property == "message_id"       ? Source::message_id
              : *property == "correlation_id" ? Source::correlation_id
                                              : Source::timestamp;
}

std::size_t ConsistentHashMatcher::TargetHash::operator()(const Target& target) const noexcept {
  return static_cast<std::size_t>(seed_of(target));
}

bool ConsistentHashMatcher::bind(const Binding& binding) {
  const auto weight = parse_weight(binding.routing_key);
  ensure(weight && *weight > 0, "binding key was not checked");
  auto* const added = bindings_.insert(binding);
  if (added == nullptr) return false;
  added->second = static_cast<std::uint64_t>(*weight);
  set_weight(binding.target, members_[binding.target].weight + added->second);
  return true;
}

bool ConsistentHashMatcher::unbind(const Binding& binding) {
  auto* const found = bindings_.find(binding);
  if (found == nullptr) return false;
  const std::uint64_t before = members_[binding.target].weight;
  ensure(before >= found->second, "target weighs less than its bindings");
  set_weight(binding.target, before - found->second);
  bindings_.erase(*found);
  return true;
}

void ConsistentHashMatcher::route(const RouteInput& input, TargetSet& targets) const {
  const std::uint64_t key = hash_of(input);
  double best_score = -1;
  std::optional<Target> best;
  for (const auto& [weight, entries] : groups_) {
    // The lower target wins a tie, so that the order of binding does not matter.
    std::uint64_t highest = 0;
    const Entry* winner = nullptr;
    for (const Entry& entry : entries) {
      const std::uint64_t draw = mix_bits(key ^ entry.seed);
      if (winner != nullptr && draw < highest) continue;
      if (winner != nullptr && draw == highest && winner->target < entry.target) continue;
      highest = draw;
      winner = &entry;
    }
    ensure(winner != nullptr, "empty group");
    const double score = score_of(highest, weight);
    if (score < best_score) continue;
    if (score == best_score && *best < winner->target) continue;
    best_score = score;
    best = winner->target;
  }
  if (best) targets.add(*best);
}

std::uint64_t ConsistentHashMatcher::hash_of(const RouteInput& input) const noexcept {
  if (source_ == Source::key) return stable_hash(input.routing_key);
  if (source_ == Source::header) return hash_of_field(TableView(input.headers).find(header_));
  return hash_of_property(input.properties);
}

std::uint64_t ConsistentHashMatcher::hash_of_property(Bytes properties) const noexcept {
  const auto view = PropertiesView::decode(properties, PropertiesView::Headers::trust);
  if (!view) return 0;
  if (source_ == Source::timestamp) return mix_bits(view->timestamp());
  return stable_hash(
      view->get(source_ == Source::message_id ? Property::message_id : Property::correlation_id));
}

void ConsistentHashMatcher::set_weight(Target target, std::uint64_t weight) {
  Member& member = members_[target];
  if (member.weight != 0) leave_group(member);
  if (weight == 0) {
    members_.erase(target);
    return;
  }
  std::vector<Entry>& group = groups_[weight];
  member = {weight, static_cast<std::uint32_t>(group.size())};
  group.push_back({seed_of(target), target});
}

void ConsistentHashMatcher::leave_group(const Member& member) {
  const auto at = groups_.find(member.weight);
  ensure(at != groups_.end(), "target is in no group");
  std::vector<Entry>& group = at->second;
  group[member.slot] = group.back();
  members_[group.back().target].slot = member.slot;
  group.pop_back();
  if (group.empty()) groups_.erase(at);
}

}  // namespace tern::exchange
