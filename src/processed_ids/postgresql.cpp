// Processed ids in PostgreSQL. One row per id; the database's own uniqueness decides who was first,
// and makes a second transaction with the same id wait for the first.
#include <libpq-fe.h>

#include <cstdlib>

#include "processed_ids/checks.hpp"

namespace ternmq {
namespace {

struct PostgresCloser {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct PostgresClearer {
  void operator()(PGresult* answer) const noexcept { PQclear(answer); }
};
using OwnPostgres = std::unique_ptr<PGconn, PostgresCloser>;
using PostgresAnswer = std::unique_ptr<PGresult, PostgresClearer>;

[[noreturn]] void fail_postgres(PGconn* connection, const char* what) {
  std::string said = connection ? PQerrorMessage(connection) : "out of memory";
  while (said.ends_with('\n')) said.pop_back();
  throw processed_ids_error(std::string("processed ids in PostgreSQL: ") + what + ": " + said);
}

void check_answer(PGconn* connection, const PostgresAnswer& answer, const char* what) {
  const auto status = PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail_postgres(connection, what);
}

OwnPostgres open_postgres(const std::string& connection_string) {
  OwnPostgres connection(PQconnectdb(connection_string.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK)
    fail_postgres(connection.get(), "cannot connect");
  return connection;
}

// To make a table takes rights and a lock, so it is looked for before. Two that begin at once would
// both make it: IF NOT EXISTS does not exclude that, the lock does, until the transaction's end.
// The notice that it is there already would be printed by the user's program.
void prepare_postgres(PGconn* connection, const std::string& table) {
  const char* name[] = {table.c_str()};
  const PostgresAnswer found(PQexecParams(connection, "SELECT to_regclass($1) IS NOT NULL", 1,
                                          nullptr, name, nullptr, nullptr, 0));
  check_answer(connection, found, "cannot look for the table");
  if (PQgetvalue(found.get(), 0, 0)[0] == 't') return;
  const std::string sql =
      "DO $$ DECLARE level text := current_setting('client_min_messages'); BEGIN "
      "PERFORM pg_advisory_xact_lock(hashtext('" +
      table +
      "'));"
      "PERFORM set_config('client_min_messages', 'warning', true);"
      "CREATE TABLE IF NOT EXISTS " +
      table +
      " (id bytea PRIMARY KEY,"
      " processed_at timestamptz NOT NULL DEFAULT clock_timestamp());"
      "CREATE INDEX IF NOT EXISTS " +
      table + "_age ON " + table +
      " (processed_at);"
      "PERFORM set_config('client_min_messages', level, true); END $$";
  const PostgresAnswer made(PQexec(connection, sql.c_str()));
  check_answer(connection, made, "cannot make the table");
}

}  // namespace

struct postgresql_processed_ids::impl {
  impl(OwnPostgres own_connection, PGconn* used, std::string from, processed_ids_options with)
      : own(std::move(own_connection)),
        connection(used),
        connection_string(std::move(from)),
        options(std::move(with)) {
    detail::check_processed_table(options.table);
    prepare_postgres(connection, options.table);
  }

  /// Runs one statement with an octet string or a number; how many rows it changed or found.
  std::uint64_t run(const std::string& sql, std::string_view parameter, bool is_binary,
                    const char* what) {
    if (own && PQstatus(connection) != CONNECTION_OK) {
      own = open_postgres(connection_string);
      connection = own.get();
    }
    const std::string text(parameter);
    const char* values[] = {text.data()};
    const int lengths[] = {static_cast<int>(text.size())};
    const int formats[] = {is_binary ? 1 : 0};
    const PostgresAnswer answer(
        PQexecParams(connection, sql.c_str(), 1, nullptr, values, lengths, formats, 0));
    check_answer(connection, answer, what);
    return std::strtoull(PQcmdTuples(answer.get()), nullptr, 10);
  }

  OwnPostgres own;
  PGconn* connection;
  std::string connection_string;
  processed_ids_options options;
};

postgresql_processed_ids::postgresql_processed_ids(pg_conn* connection,
                                                   processed_ids_options options)
    : impl_(std::make_unique<impl>(nullptr, connection, std::string(), std::move(options))) {}

postgresql_processed_ids::postgresql_processed_ids(const std::string& connection_string,
                                                   processed_ids_options options) {
  OwnPostgres own = open_postgres(connection_string);
  PGconn* connection = own.get();
  impl_ = std::make_unique<impl>(std::move(own), connection, connection_string, std::move(options));
}

postgresql_processed_ids::~postgresql_processed_ids() = default;

bool postgresql_processed_ids::first_time(std::string_view id) {
  detail::check_processed_id(id);
  return impl_->run("INSERT INTO " + impl_->options.table +
                        " (id) VALUES ($1::bytea) ON CONFLICT DO NOTHING",
                    id, true, "cannot mark an id") == 1;
}

bool postgresql_processed_ids::contains(std::string_view id) {
  detail::check_processed_id(id);
  return impl_->run("SELECT 1 FROM " + impl_->options.table + " WHERE id = $1::bytea", id, true,
                    "cannot look for an id") == 1;
}

void postgresql_processed_ids::forget(std::string_view id) {
  detail::check_processed_id(id);
  impl_->run("DELETE FROM " + impl_->options.table + " WHERE id = $1::bytea", id, true,
             "cannot forget an id");
}

std::uint64_t postgresql_processed_ids::expire() {
  return impl_->run("DELETE FROM " + impl_->options.table +
                        " WHERE processed_at < clock_timestamp() - $1::bigint * interval '1 s'",
                    std::to_string(impl_->options.keep.count()), false, "cannot forget old ids");
}

}  // namespace ternmq
