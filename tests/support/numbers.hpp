// Numbers that whoever runs a test may choose.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace tern::test {

/// What the environment says for `name`; `otherwise` where it says nothing.
inline std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace tern::test
