// An outbox and a consumer that minds no repetition: what is in the database and what is on its way
// cannot drift apart, whatever crashes.
//
//   outbox_idempotent CONNECTION-STRING [AMQP-URL]
//
//   shop ──transaction──► orders + ternmq_outbox ──`ternmq outbox`──► queue
//                                                                      │
//   shipping ◄──transaction── shipments + processed ids ◄──────────────┘
//
// Before it: ternmq outbox --print-schema | psql, and a relay that runs (docs/outbox.md). Link it
// with ternmq::client, ternmq::processed_ids_postgresql and libpq.
#include <libpq-fe.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <ternmq/processed_ids.hpp>
#include <ternmq/ternmq.hpp>

namespace {

using namespace std::chrono_literals;

const std::string queue = "shipping.orders";
constexpr int orders = 3;

class Database {
 public:
  explicit Database(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) fail();
    run("SET client_min_messages = warning");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { PQfinish(connection_); }

  [[nodiscard]] PGconn* get() const { return connection_; }
  /// Runs a statement with one parameter or none; the first field of its first row, if it has any.
  std::string run(const std::string& sql, const std::string& parameter = {}) {
    const char* values[] = {parameter.c_str()};
    const int count = sql.find("$1") == std::string::npos ? 0 : 1;
    PGresult* answer =
        PQexecParams(connection_, sql.c_str(), count, nullptr, values, nullptr, nullptr, 0);
    const auto status = PQresultStatus(answer);
    const std::string field = PQntuples(answer) > 0 ? PQgetvalue(answer, 0, 0) : "";
    PQclear(answer);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail();
    return field;
  }

 private:
  [[noreturn]] void fail() { throw std::runtime_error(PQerrorMessage(connection_)); }
  PGconn* connection_;
};

// The order and its message in one transaction: both are there, or neither.
void place_order(Database& database) {
  database.run("BEGIN");
  const std::string id = database.run("INSERT INTO orders DEFAULT VALUES RETURNING id");
  database.run("INSERT INTO ternmq_outbox (routing_key, body) VALUES ('" + queue +
                   "', convert_to($1, 'UTF8'))",
               id);
  database.run("COMMIT");
  std::cout << "order " << id << " placed\n";
}

// The shipment and the mark in one transaction; the acknowledgement comes after it. A crash in
// between brings the message again, and the mark is there.
void ship(Database& database, ternmq::processed_ids& ids, const ternmq::delivery& message) {
  const std::string order(message.body());
  database.run("BEGIN");
  if (ids.first_time(message.message_id())) {
    database.run("INSERT INTO shipments (order_id) VALUES ($1::bigint)", order);
    std::cout << "order " << order << " shipped\n";
  } else {
    std::cout << "order " << order << " came again: not shipped again\n";
  }
  database.run("COMMIT");
}

void consume(Database& database, ternmq::blocking::connection& broker) {
  ternmq::postgresql_processed_ids ids(database.get());
  ternmq::consumer_options one_by_one;
  one_by_one.prefetch = 1;
  auto consumer = broker.consume(queue, one_by_one);
  for (int deliveries = 1; deliveries <= orders + 1; ++deliveries) {
    auto message = consumer.next(20s);
    if (!message) throw std::runtime_error("no message: is a relay running?");
    ship(database, ids, *message);
    // The second one is given back, as it would be had this program died before it could say ack.
    if (deliveries == 2)
      message->nack();
    else
      message->ack();
  }
  consumer.cancel();
}

void run(const std::string& database_url, const std::string& broker_url) {
  Database database(database_url);
  database.run("CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY)");
  database.run("CREATE TABLE IF NOT EXISTS shipments (order_id bigint)");
  ternmq::blocking::connection broker(broker_url, 10s);
  ternmq::topology topology;
  // Known by the message id, which is the row's: what a relay sends twice is there once.
  topology.add_queue(queue, {{"x-message-deduplication", true}});
  broker.declare(topology);

  for (int order = 0; order < orders; ++order) place_order(database);
  consume(database, broker);
  std::cout << database.run("SELECT count(*) FROM orders") << " orders, "
            << database.run("SELECT count(*) FROM shipments") << " shipments\n";
}

}  // namespace

int main(int count, char** arguments) {
  try {
    run(count > 1 ? arguments[1] : "", count > 2 ? arguments[2] : "amqp://localhost");
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
