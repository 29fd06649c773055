// Relay: the loop of `ternmq outbox`, over interfaces. Lock rows, publish them, write what became
// of them, commit; wait for more. Whatever fails is said once with what to do, and tried again
// after a wait that doubles up to a bound. Runs on the main thread until it is told to stop.
//
// The message is at the broker before the table says so, never the other way round: a crash in
// between sends a row again, under the same deduplication id, and loses none.
#pragma once

#include "outbox/ports.hpp"
#include "outbox/settings.hpp"

namespace tern::outbox {

class Relay {
 public:
  Relay(const Settings& settings, Table& table, Publisher& publisher, Stopping& stopping)
      : settings_(settings),
        table_(table),
        publisher_(publisher),
        stopping_(stopping),
        delay_(settings.delay_min) {}

  /// Until it is told to stop.
  void run();

 private:
  /// How a turn ended.
  enum class Turn : std::uint8_t { sent, idle, failed };

  [[nodiscard]] Turn turn();
  [[nodiscard]] Turn send(const std::vector<Row>& rows);
  Turn failed(std::string_view where, const std::string& why);
  void back_off();

  const Settings& settings_;
  Table& table_;
  Publisher& publisher_;
  Stopping& stopping_;
  std::chrono::milliseconds delay_;
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
  bool is_in_trouble_ = false;
};

}  // namespace tern::outbox
