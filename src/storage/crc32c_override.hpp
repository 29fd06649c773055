// Which CRC32C guards the write-ahead log: see crc32c_override.cpp.
#pragma once

namespace tern::storage {

struct Crc32cCheck {
  bool hardware = false;       ///< our code with SSE4.2 instructions is in use
  bool consistent = true;      ///< it gives what the library's own gives
  bool library_calls = false;  ///< the library's calls reach our definition
  double gigabytes_per_second = 0;
};

/// Compares our CRC32C with the library's on a test vector and times the one in use. Cheap (<1 ms).
[[nodiscard]] Crc32cCheck check_crc32c();

}  // namespace tern::storage
