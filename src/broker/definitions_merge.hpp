// Putting definitions together: one file's entries, several files' of a directory. The same thing
// defined twice in the same way is once; in two ways is an error that names both places. Pure.
#pragma once

#include "broker/definitions.hpp"

namespace tern::broker {

/// Adds `from` to `into`. On error `into` is only good for being thrown away.
[[nodiscard]] Result<void> merge_definitions(Definitions& into, Definitions&& from);

/// In the order of export: by virtual host and name.
void sort_definitions(Definitions& definitions);

// Whether two entries say the same; their origins aside.
[[nodiscard]] bool is_same(const UserDefinition& left, const UserDefinition& right);
[[nodiscard]] bool is_same(const VhostDefinition& left, const VhostDefinition& right);
[[nodiscard]] bool is_same(const PermissionDefinition& left, const PermissionDefinition& right);
[[nodiscard]] bool is_same(const TopicPermissionDefinition& left,
                           const TopicPermissionDefinition& right);
[[nodiscard]] bool is_same(const ParameterDefinition& left, const ParameterDefinition& right);
[[nodiscard]] bool is_same(const PolicyDefinition& left, const PolicyDefinition& right);
[[nodiscard]] bool is_same(const QueueDefinition& left, const QueueDefinition& right);
[[nodiscard]] bool is_same(const ExchangeDefinition& left, const ExchangeDefinition& right);
[[nodiscard]] bool is_same(const BindingDefinition& left, const BindingDefinition& right);
/// Entry by entry, in their order.
[[nodiscard]] bool is_same(const Definitions& left, const Definitions& right);

}  // namespace tern::broker
