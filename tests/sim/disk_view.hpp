// DiskView: what lies on the simulated disk, by queue and by the numbers that bodies begin with:
// just what a crash at this moment would leave.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/stepped_store.hpp"

namespace tern::sim {

/// The number of a message: its body begins with it.
[[nodiscard]] std::uint64_t number_of(const Message& message);

class DiskView {
 public:
  struct Stored {
    std::string queue;
    MessageRef message;
    std::uint32_t delivery_count = 0;  ///< noted with it
  };

  /// Learns the queues' streams from the records on the disk, and what is in them.
  void look(const test::Disk& disk);
  /// Where a message lies: each of its copies.
  [[nodiscard]] const std::vector<Stored>& of(std::uint64_t number) const;
  [[nodiscard]] const std::map<std::uint64_t, std::vector<Stored>>& messages() const {
    return messages_;
  }

 private:
  void learn(const test::Disk& disk);

  std::map<std::uint32_t, std::string> queues_;  ///< by stream
  std::map<std::uint64_t, std::vector<Stored>> messages_;
};

}  // namespace tern::sim
