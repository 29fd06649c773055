// The fourteen properties by name, as people write them: content_type or content-type. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "message/properties.hpp"

namespace tern::dlq {

[[nodiscard]] std::optional<Property> find_property(std::string_view name) noexcept;

}  // namespace tern::dlq
