#include "base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace tern {

void ensure_failed(const char* text, const std::source_location& where) noexcept {
  std::fprintf(stderr, "fatal: %s:%u: %s: %s\n", where.file_name(), where.line(),
               where.function_name(), text);
  std::abort();
}

}  // namespace tern
