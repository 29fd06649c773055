// The name and version under which this program appears to people and on the wire. The version is
// also in CMakeLists.txt; a unit test keeps the two equal.
#pragma once

#include <string_view>

namespace tern {

inline constexpr std::string_view product_name = "TernMQ";
inline constexpr std::string_view product_version = "0.1.0";

}  // namespace tern
