// Short ways to write bindings and messages, and what a test of any matcher needs.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "exchange/matcher.hpp"
#include "message/field_table.hpp"

namespace tern::exchange::test {

inline Target to_queue(std::uint32_t id) {
  return {Target::Kind::queue, id};
}
inline Target to_exchange(std::uint32_t id) {
  return {Target::Kind::exchange, id};
}

inline std::string arguments(const FieldTable& table) {
  return canonical_arguments(encode_entries(table)).value();
}

inline Binding binding(Target target, std::string key = {}, const FieldTable& table = {}) {
  return {target, std::move(key), arguments(table)};
}

inline std::vector<Target> sorted(std::vector<Target> targets) {
  std::sort(targets.begin(), targets.end());
  return targets;
}

/// The targets of one message, sorted; with their repetitions, should there be any.
inline std::vector<Target> route(const Matcher& matcher, const std::string& key,
                                 const std::string& headers = {}) {
  static TargetSet targets;
  targets.clear();
  matcher.route({key, headers}, targets);
  return sorted({targets.items().begin(), targets.items().end()});
}

}  // namespace tern::exchange::test
