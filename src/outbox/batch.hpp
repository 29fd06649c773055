// Batch: the rows that one database transaction has locked, and what becomes of each. Pure: it says
// what to publish, is told the outcomes, and says what to write into the table.
//
//   all rows ──► first round, together, in order of their ids
//                  │ the broker closes the channel over one of them, and does not say which
//                  ▼
//                further rounds, one row each, until the bad one has been found; those which it
//                had taken already it knows again by their deduplication id
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outbox/row.hpp"
#include "ternmq/publisher.hpp"

namespace tern::outbox {

/// What is written into the table in the transaction that has locked the rows.
struct Settlement {
  struct Failure {
    std::int64_t id = 0;
    std::string reason;
  };
  std::vector<std::int64_t> sent;
  std::vector<Failure> failed;         ///< for good: they would fail again
  std::vector<std::int64_t> deferred;  ///< refused for now: they wait, the others go on

  [[nodiscard]] bool is_empty() const noexcept {
    return sent.empty() && failed.empty() && deferred.empty();
  }
};

class Batch {
 public:
  /// `rows` in order of their ids.
  Batch(const std::vector<Row>& rows, const std::string& deduplication_header);

  /// What to publish next, in this order; empty when the batch is done.
  [[nodiscard]] std::vector<ternmq::message> next_round();
  /// What became of the round, in the same order.
  void take(const std::vector<ternmq::outcome>& outcomes);

  [[nodiscard]] const Settlement& settlement() const noexcept { return settlement_; }
  /// Why rows stay as they are, to be sent again as soon as the broker can be reached; empty if
  /// there are none.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  struct Pending {
    std::int64_t id = 0;
    ternmq::message message;
  };

  void take_one(const Pending& row, const ternmq::outcome& outcome, bool is_alone);

  std::vector<Pending> pending_;  ///< not settled yet
  std::vector<Pending> round_;    ///< being published
  Settlement settlement_;
  std::string trouble_;
  bool is_isolating_ = false;
};

}  // namespace tern::outbox
