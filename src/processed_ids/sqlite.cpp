// Processed ids in SQLite. One row per id; the database's own uniqueness decides who was first.
#include <sqlite3.h>

#include "processed_ids/checks.hpp"

namespace ternmq {
namespace {

// Another process may be writing: so long it is waited for, in milliseconds.
constexpr int busy_timeout = 10'000;

[[noreturn]] void fail_sqlite(sqlite3* database, const char* what) {
  throw processed_ids_error(std::string("processed ids in SQLite: ") + what + ": " +
                            (database ? sqlite3_errmsg(database) : "out of memory"));
}

void run_sqlite(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    fail_sqlite(database, "cannot prepare the table");
}

// A prepared statement, reset after each use.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* database, const std::string& sql) : database_(database) {
    if (sqlite3_prepare_v3(database, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_,
                           nullptr) != SQLITE_OK)
      fail_sqlite(database, "cannot prepare a statement");
  }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement() { sqlite3_finalize(statement_); }

  SqliteStatement& bind(int place, std::string_view id) {
    // As a blob: an id may have any octets.
    sqlite3_bind_blob(statement_, place, id.data(), static_cast<int>(id.size()), SQLITE_TRANSIENT);
    return *this;
  }
  SqliteStatement& bind(int place, std::int64_t number) {
    sqlite3_bind_int64(statement_, place, number);
    return *this;
  }
  /// Runs to the end; whether there was a row.
  bool run(const char* what) {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
      const std::string said = sqlite3_errmsg(database_);
      sqlite3_reset(statement_);
      throw processed_ids_error(std::string("processed ids in SQLite: ") + what + ": " + said);
    }
    sqlite3_reset(statement_);
    return code == SQLITE_ROW;
  }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

struct SqliteCloser {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
using OwnSqlite = std::unique_ptr<sqlite3, SqliteCloser>;

OwnSqlite open_sqlite(const std::string& file) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  OwnSqlite database(opened);
  if (code != SQLITE_OK) fail_sqlite(opened, ("cannot open " + file).c_str());
  sqlite3_busy_timeout(opened, busy_timeout);
  // A log that is synced with each commit: one sync per mark, and readers do not wait.
  run_sqlite(opened, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  return database;
}

sqlite3* prepare_sqlite(sqlite3* database, const std::string& table) {
  detail::check_processed_table(table);
  run_sqlite(database, "CREATE TABLE IF NOT EXISTS " + table +
                           " (id BLOB PRIMARY KEY, processed_at INTEGER NOT NULL) WITHOUT ROWID;"
                           "CREATE INDEX IF NOT EXISTS " +
                           table + "_age ON " + table + " (processed_at)");
  return database;
}

std::int64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace

struct sqlite_processed_ids::impl {
  impl(OwnSqlite own_database, sqlite3* used_database, const processed_ids_options& options)
      : own(std::move(own_database)),
        database(prepare_sqlite(used_database, options.table)),
        keep(options.keep),
        insert(database, "INSERT OR IGNORE INTO " + options.table + " VALUES (?1, ?2)"),
        select(database, "SELECT 1 FROM " + options.table + " WHERE id = ?1"),
        remove(database, "DELETE FROM " + options.table + " WHERE id = ?1"),
        remove_old(database, "DELETE FROM " + options.table + " WHERE processed_at < ?1") {}

  OwnSqlite own;
  sqlite3* database;
  std::chrono::seconds keep;
  SqliteStatement insert;
  SqliteStatement select;
  SqliteStatement remove;
  SqliteStatement remove_old;
};

sqlite_processed_ids::sqlite_processed_ids(sqlite3* database, processed_ids_options options)
    : impl_(std::make_unique<impl>(nullptr, database, options)) {}

sqlite_processed_ids::sqlite_processed_ids(const std::string& file, processed_ids_options options) {
  OwnSqlite own = open_sqlite(file);
  sqlite3* database = own.get();
  impl_ = std::make_unique<impl>(std::move(own), database, options);
}

sqlite_processed_ids::~sqlite_processed_ids() = default;

bool sqlite_processed_ids::first_time(std::string_view id) {
  detail::check_processed_id(id);
  impl_->insert.bind(1, id).bind(2, seconds_now()).run("cannot mark an id");
  return sqlite3_changes64(impl_->database) == 1;
}

bool sqlite_processed_ids::contains(std::string_view id) {
  detail::check_processed_id(id);
  return impl_->select.bind(1, id).run("cannot look for an id");
}

void sqlite_processed_ids::forget(std::string_view id) {
  detail::check_processed_id(id);
  impl_->remove.bind(1, id).run("cannot forget an id");
}

std::uint64_t sqlite_processed_ids::expire() {
  impl_->remove_old.bind(1, seconds_now() - impl_->keep.count()).run("cannot forget old ids");
  return static_cast<std::uint64_t>(sqlite3_changes64(impl_->database));
}

}  // namespace ternmq
