// The outbox table in PostgreSQL, over libpq's blocking calls: one connection, which also listens
// for the notifications of the table's trigger. libpq has been loaded before. Only on the relay's
// thread.
#pragma once

#include <memory>

#include "outbox/ports.hpp"
#include "outbox/settings.hpp"
#include "outbox/statements.hpp"
#include "outbox/stop_signal.hpp"

struct pg_conn;
struct pg_result;

namespace tern::outbox {

class PostgresTable : public Table {
 public:
  /// Whether libpq can read it. Its own words are not told: they repeat the text, password and all.
  [[nodiscard]] static bool is_connection_string(const std::string& text);

  PostgresTable(const Settings& settings, const StopSignal& stop);
  ~PostgresTable() override;

  [[nodiscard]] Result<void> connect() override;
  [[nodiscard]] Result<std::vector<Row>> lock_rows(unsigned count) override;
  [[nodiscard]] Result<void> settle(const Settlement& settlement) override;
  void roll_back() override;
  void wait(std::chrono::milliseconds timeout) override;

 private:
  struct Closer {
    void operator()(pg_conn* connection) const noexcept;
  };
  struct Clearer {
    void operator()(pg_result* answer) const noexcept;
  };
  using Answer = std::unique_ptr<pg_result, Clearer>;
  using Parameters = std::vector<std::string>;

  /// Runs one statement. After an error the transaction is rolled back, or the connection closed.
  Result<Answer> ask(const std::string& statement, const Parameters& parameters = {});
  Result<void> tell(const std::string& statement, const Parameters& parameters = {});
  Error give_up(const pg_result* answer);
  [[nodiscard]] std::string where() const;

  const Settings& settings_;
  const StopSignal& stop_;
  Statements statements_;
  std::unique_ptr<pg_conn, Closer> connection_;
};

}  // namespace tern::outbox
