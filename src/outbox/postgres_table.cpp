#include "outbox/postgres_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <charconv>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "outbox/libpq.hpp"

namespace tern::outbox {
namespace {

// PostgreSQL's codes for "there is no such table" and "no such column".
constexpr std::string_view undefined_table = "42P01";
constexpr std::string_view undefined_column = "42703";
// Of a privilege that is missing.
constexpr std::string_view insufficient_privilege = "42501";
constexpr int as_bytes = 1;

// Texts of libpq end with line ends, and may have several lines.
std::string one_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

// The server refuses a text that is not in the connection's encoding, and a broker may say
// anything.
std::string plain(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string column(const pg_result* rows, int row, int index) {
  return {pq().PQgetvalue(rows, row, index),
          static_cast<std::size_t>(pq().PQgetlength(rows, row, index))};
}

Row read_row(const pg_result* rows, int row) {
  Row read;
  const std::string id = column(rows, row, 0);
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), read.id);
  ensure(parsed.ec == std::errc(), "a bigint is written in digits");
  std::string* const texts[] = {&read.message_id,     &read.exchange,     &read.routing_key,
                                &read.body,           &read.content_type, &read.type,
                                &read.correlation_id, &read.headers};
  int index = 0;
  for (std::string* text : texts) *text = column(rows, row, ++index);
  return read;
}

std::string to_array(const std::vector<std::int64_t>& ids) {
  return fmt::format("{{{}}}", fmt::join(ids, ","));
}

std::string advice(std::string_view code) {
  if (code == undefined_table || code == undefined_column)
    return "; `ternmq outbox --print-schema` prints what makes the table";
  if (code == insufficient_privilege)
    return "; the relay's user needs SELECT and UPDATE on the table (and DELETE, to delete rows)";
  return {};
}

}  // namespace

void PostgresTable::Closer::operator()(pg_conn* connection) const noexcept {
  pq().PQfinish(connection);
}

void PostgresTable::Clearer::operator()(pg_result* answer) const noexcept {
  pq().PQclear(answer);
}

bool PostgresTable::is_connection_string(const std::string& text) {
  PQconninfoOption* options = pq().PQconninfoParse(text.c_str(), nullptr);
  pq().PQconninfoFree(options);
  return options != nullptr;
}

PostgresTable::PostgresTable(const Settings& settings, const StopSignal& stop)
    : settings_(settings),
      stop_(stop),
      statements_(make_statements(settings.table, settings.deletes_sent)) {}

PostgresTable::~PostgresTable() = default;

Result<void> PostgresTable::connect() {
  if (connection_) return {};
  // The later ones win: what the user's string says of the same goes before ours. A peer that is
  // gone without a word is noticed within half a minute.
  const char* const names[] = {"connect_timeout",
                               "keepalives_idle",
                               "keepalives_interval",
                               "tcp_user_timeout",
                               "fallback_application_name",
                               "dbname",
                               nullptr};
  const char* const values[] = {
      "10", "10", "5", "30000", "ternmq outbox", settings_.database_url.c_str(), nullptr};
  connection_.reset(pq().PQconnectdbParams(names, values, 1));
  if (!connection_ || pq().PQstatus(connection_.get()) != CONNECTION_OK) return give_up(nullptr);
  if (pq().PQsetClientEncoding(connection_.get(), "UTF8") != 0) return give_up(nullptr);
  // Notices ("there is no transaction in progress") would go to standard error otherwise.
  pq().PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  if (auto listening = tell(statements_.listen); !listening) return listening;
  log_info("outbox", "connected to the database, {}", where());
  return {};
}

Result<std::vector<Row>> PostgresTable::lock_rows(unsigned count) {
  if (const auto begun = tell("BEGIN"); !begun) return begun.error();
  const auto answer = ask(statements_.lock_rows, {std::to_string(count)});
  if (!answer) return answer.error();
  std::vector<Row> rows;
  const int found = pq().PQntuples(answer->get());
  for (int row = 0; row < found; ++row) rows.push_back(read_row(answer->get(), row));
  if (rows.empty()) {
    if (const auto ended = tell("COMMIT"); !ended) return ended.error();
  }
  return rows;
}

Result<void> PostgresTable::settle(const Settlement& settlement) {
  if (!settlement.sent.empty()) {
    if (auto told = tell(statements_.sent, {to_array(settlement.sent)}); !told) return told;
  }
  for (const auto& [id, reason] : settlement.failed) {
    if (auto told = tell(statements_.failed, {std::to_string(id), plain(reason)}); !told)
      return told;
  }
  if (!settlement.deferred.empty()) {
    const auto told = tell(statements_.deferred, {to_array(settlement.deferred),
                                                  std::to_string(settings_.delay_min.count()),
                                                  std::to_string(settings_.delay_max.count())});
    if (!told) return told;
  }
  return tell("COMMIT");
}

void PostgresTable::roll_back() {
  // If it cannot be done, the connection has been closed, which comes to the same.
  static_cast<void>(tell("ROLLBACK"));
}

void PostgresTable::wait(std::chrono::milliseconds timeout) {
  if (!connection_) return;
  bool is_notified = false;
  const auto take_notifications = [&] {
    while (PGnotify* one = pq().PQnotifies(connection_.get())) {
      pq().PQfreemem(one);
      is_notified = true;
    }
  };
  // Those that came during the last transaction have been read already.
  take_notifications();
  if (is_notified) return;
  pollfd watched[] = {{pq().PQsocket(connection_.get()), POLLIN, 0},
                      {stop_.descriptor(), POLLIN, 0}};
  if (::poll(watched, std::size(watched), static_cast<int>(timeout.count())) <= 0) return;
  if (watched[0].revents == 0) return;
  if (pq().PQconsumeInput(connection_.get()) == 0) {
    log_warn("outbox", "database: {}", give_up(nullptr).text);
    return;
  }
  take_notifications();
}

Result<PostgresTable::Answer> PostgresTable::ask(const std::string& statement,
                                                 const Parameters& parameters) {
  ensure(connection_ != nullptr, "statements are for a connection that is there");
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  Answer answer(pq().PQexecParams(connection_.get(), statement.c_str(),
                                  static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                                  nullptr, as_bytes));
  const auto status = pq().PQresultStatus(answer.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return answer;
  return give_up(answer.get());
}

Result<void> PostgresTable::tell(const std::string& statement, const Parameters& parameters) {
  const auto answer = ask(statement, parameters);
  if (!answer) return answer.error();
  return {};
}

// What could not be done ends the connection with it: a new one has no transaction in an unknown
// state, and PostgreSQL rolls back what was open.
Error PostgresTable::give_up(const pg_result* answer) {
  const char* code = answer ? pq().PQresultErrorField(answer, PG_DIAG_SQLSTATE) : nullptr;
  const char* said =
      answer ? pq().PQresultErrorMessage(answer) : pq().PQerrorMessage(connection_.get());
  Error error{fmt::format("{}: {}{}", where(), one_line(said ? said : "out of memory"),
                          advice(code ? code : ""))};
  connection_.reset();
  return error;
}

std::string PostgresTable::where() const {
  const auto text = [](const char* value) { return value ? value : ""; };
  if (!connection_) return "database.url";
  return fmt::format("host={} port={} database={} table={}", text(pq().PQhost(connection_.get())),
                     text(pq().PQport(connection_.get())), text(pq().PQdb(connection_.get())),
                     settings_.table);
}

}  // namespace tern::outbox
