// BrowsePage: messages shown to an operator in one go, as far as they are gathered. A plain value
// of the queue's machine.
#pragma once

#include <vector>

#include "queue/queue.hpp"

namespace tern::queue {

struct BrowsePage {
  std::vector<Found> found;
  std::uint32_t count_max = 0;
  std::uint64_t bytes_max = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] bool is_full() const noexcept {
    return found.size() >= count_max || (bytes >= bytes_max && !found.empty());
  }
  void add(Found&& message) {
    bytes += message.message->bytes();
    found.push_back(std::move(message));
  }
};

}  // namespace tern::queue
