// ReadBuffer: where the socket reads to. Bytes stay where they were read as long as somebody uses
// them; only an incomplete frame is moved to the next slab. Pure; owned by the driver.
#pragma once

#include "base/bytes.hpp"
#include "base/slab.hpp"

namespace tern::client {

class ReadBuffer {
 public:
  struct Room {
    char* data = nullptr;
    std::size_t bytes = 0;
  };

  /// Room for what comes next, such that `bytes_wanted`, with what is here, fit in one piece.
  [[nodiscard]] Room prepare(std::size_t bytes_wanted);
  /// So many were read into it.
  void commit(std::size_t bytes) noexcept;
  [[nodiscard]] Bytes unread() const noexcept { return {unread_, unread_bytes_}; }
  void consume(std::size_t bytes) noexcept;
  [[nodiscard]] SlabLease& lease() noexcept { return lease_; }
  void reset() noexcept;

 private:
  // The least room worth a read.
  static constexpr std::size_t room_min = 16 * 1024;

  SlabLease lease_;
  char* unread_ = nullptr;
  std::size_t unread_bytes_ = 0;
};

}  // namespace tern::client
