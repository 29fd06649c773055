// What the relay works with: the table, the broker, and time. The real ones are thin shells
// (postgres_table.hpp, client_publisher.hpp, stop_signal.hpp); tests have others. All are called on
// the relay's thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "outbox/batch.hpp"

namespace tern::outbox {

/// The outbox table, on one connection to its database.
class Table {
 public:
  virtual ~Table() = default;

  /// Does nothing if there is a connection already.
  [[nodiscard]] virtual Result<void> connect() = 0;
  /// Begins a transaction and locks the next rows that no other relay has, `count` at most, in
  /// order of their ids. Without any, no transaction is left open. After an error there is none
  /// either.
  [[nodiscard]] virtual Result<std::vector<Row>> lock_rows(unsigned count) = 0;
  /// Writes what became of the locked rows and commits; with an error, nothing has been written,
  /// or the connection was lost and nobody knows.
  [[nodiscard]] virtual Result<void> settle(const Settlement& settlement) = 0;
  /// Unlocks the rows and leaves them as they were.
  virtual void roll_back() = 0;
  /// Waits until rows may have come, `timeout` at most, or until the relay is to stop.
  virtual void wait(std::chrono::milliseconds timeout) = 0;
};

class Publisher {
 public:
  virtual ~Publisher() = default;

  /// Does nothing if there is a connection already. An error if the broker takes no messages just
  /// now.
  [[nodiscard]] virtual Result<void> connect() = 0;
  /// Publishes in this order and waits for the outcomes, or for as long as the settings say. After
  /// an unknown outcome the connection is a new one, so that nothing is on its way any more.
  [[nodiscard]] virtual std::vector<ternmq::outcome> publish(
      std::vector<ternmq::message> messages) = 0;
};

class Stopping {
 public:
  virtual ~Stopping() = default;

  [[nodiscard]] virtual bool is_asked() const = 0;
  /// Lets time pass, until the relay is to stop at most.
  virtual void pause(std::chrono::milliseconds time) = 0;
};

}  // namespace tern::outbox
