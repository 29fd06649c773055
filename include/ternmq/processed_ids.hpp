// The ids of messages that a consumer has processed, so that a message that comes twice has its
// effect once. Brokers deliver again after a lost acknowledgement, publishers send again after a
// lost confirm: only the consumer can tell.
//
//   ternmq::postgresql_processed_ids ids(connection);    // the user's own PGconn
//   run(connection, "BEGIN");
//   if (ids.first_time(delivery.message_id())) ship(order, connection);
//   run(connection, "COMMIT");
//   delivery.ack();
//
// What a crash does depends on where the mark is:
//
// - In the transaction of the effect itself, as above (PostgreSQL, SQLite): both are there or
//   neither. The effect happens exactly once.
// - Elsewhere, marked after the effect (process_once()): a crash in between lets it happen again.
// - Elsewhere, marked before it (first_time() alone): a crash in between loses it.
//
// The libraries are apart from the client's and need nothing of it:
// ternmq::processed_ids_postgresql, ternmq::processed_ids_sqlite, ternmq::processed_ids_rocksdb.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

struct pg_conn;
struct sqlite3;

namespace ternmq {

/// The store could not be read or written. Whether the id is marked is unknown, but for SQL within
/// the user's own transaction: roll it back. Requeue the delivery.
class processed_ids_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How ids are kept.
struct processed_ids_options {
  /// The defaults. (Not an aggregate: see message.hpp.)
  processed_ids_options() noexcept {}

  /// Ids are kept at least this long, and forgotten by expire() after it. Longer than a message can
  /// stay in its queue and its dead-letter queues.
  std::chrono::seconds keep = std::chrono::hours(24 * 7);
  /// The table of the SQL databases: lower-case letters, digits, underscores. Consumers with other
  /// effects of the same message need a table of their own.
  std::string table = "ternmq_processed_ids";
};

/// An id is any text of 1 to 255 octets; std::invalid_argument otherwise. One object is for one
/// thread at a time, unless it says more; several objects, threads and processes may share a
/// database (RocksDB: one process).
class processed_ids {
 public:
  processed_ids() = default;
  processed_ids(const processed_ids&) = delete;
  processed_ids& operator=(const processed_ids&) = delete;
  virtual ~processed_ids() = default;

  /// Marks the id; true if it was not marked. Of several that ask at once, one is told true.
  [[nodiscard]] virtual bool first_time(std::string_view id) = 0;
  /// Whether the id is marked.
  [[nodiscard]] virtual bool contains(std::string_view id) = 0;
  /// Takes the mark away, after first_time() and an effect that failed.
  virtual void forget(std::string_view id) = 0;
  /// Forgets what is older than options.keep; how many that were. Call it now and then.
  virtual std::uint64_t expire() = 0;
};

/// Runs `work` unless the id is marked, and marks it after that; true if `work` ran. When `work`
/// throws, the id is not marked. After a crash between the two, `work` runs again for this id:
/// it must not mind, or the mark must be in its transaction.
template <class Work>
bool process_once(processed_ids& ids, std::string_view id, Work&& work) {
  if (ids.contains(id)) return false;
  std::forward<Work>(work)();
  static_cast<void>(ids.first_time(id));
  return true;
}

/// In a PostgreSQL table, which is made if it is not there.
class postgresql_processed_ids : public processed_ids {
 public:
  /// On the user's connection, which must outlive this object, and in the transaction that is open
  /// there, if one is. Another transaction that marks the same id waits for the end of this one.
  explicit postgresql_processed_ids(pg_conn* connection, processed_ids_options options = {});
  /// On a connection of its own, each mark committed by itself. A lost connection is made again by
  /// the next call.
  explicit postgresql_processed_ids(const std::string& connection_string,
                                    processed_ids_options options = {});
  ~postgresql_processed_ids() override;

  [[nodiscard]] bool first_time(std::string_view id) override;
  [[nodiscard]] bool contains(std::string_view id) override;
  void forget(std::string_view id) override;
  std::uint64_t expire() override;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// In an SQLite table, which is made if it is not there.
class sqlite_processed_ids : public processed_ids {
 public:
  /// On the user's connection, which must outlive this object, and in the transaction that is open
  /// there, if one is.
  explicit sqlite_processed_ids(sqlite3* database, processed_ids_options options = {});
  /// In a file of its own, each mark synced to disk by itself.
  explicit sqlite_processed_ids(const std::string& file, processed_ids_options options = {});
  ~sqlite_processed_ids() override;

  [[nodiscard]] bool first_time(std::string_view id) override;
  [[nodiscard]] bool contains(std::string_view id) override;
  void forget(std::string_view id) override;
  std::uint64_t expire() override;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// In a RocksDB of its own, each mark synced to disk. May be used by several threads at once; the
/// directory belongs to one object at a time.
class rocksdb_processed_ids : public processed_ids {
 public:
  /// In this directory, which is made if it is not there.
  explicit rocksdb_processed_ids(const std::string& directory, processed_ids_options options = {});
  ~rocksdb_processed_ids() override;

  [[nodiscard]] bool first_time(std::string_view id) override;
  [[nodiscard]] bool contains(std::string_view id) override;
  void forget(std::string_view id) override;
  std::uint64_t expire() override;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace ternmq
