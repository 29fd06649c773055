// RecordStore: memory for messages that are not confirmed yet. They are released in nearly the
// order in which they came, so they lie one after the other in chunks that are used again; once
// warm, a message costs no allocation. Pure; owned by a publisher.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"

namespace tern::client {

class RecordStore {
 public:
  struct Chunk {
    std::unique_ptr<char[]> memory;
    std::size_t capacity = 0;
    std::size_t used = 0;
    std::size_t alive = 0;  // records in it
  };
  /// Where a record is; release() wants it back.
  struct Place {
    Chunk* chunk = nullptr;
    char* data = nullptr;
  };

  /// Room for `bytes`, to be written at once.
  [[nodiscard]] Place take(std::size_t bytes);
  void release(Place place) noexcept;

 private:
  static constexpr std::size_t chunk_bytes = 64 * 1024;
  static constexpr std::size_t spare_max = 8;

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<Chunk*> spare_;
  Chunk* current_ = nullptr;
};

}  // namespace tern::client
