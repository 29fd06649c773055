// Topic logs: log lines are published as "service.severity", and each reader binds patterns: `*`
// stands for one word, `#` for any number of words.
//
//   ./topic_logs
//
// The readers' queues are temporary: they belong to the connection and go with it.
#include <cstdlib>
#include <iostream>
#include <map>
#include <ternmq/ternmq.hpp>

using namespace std::chrono_literals;

const std::string exchange = "logs";

struct Reader {
  const char* name;
  std::vector<std::string> patterns;
  std::vector<std::string> wanted;  // the keys that these patterns let through
  std::string queue = {};           // as the broker has named it
};

std::vector<Reader> readers = {
    {"all errors", {"*.error"}, {"payments.error", "shipping.error"}},
    {"payments", {"payments.*"}, {"payments.info", "payments.error"}},
    {"on call",
     {"*.error", "payments.audit.#"},
     {"payments.error", "shipping.error", "payments.audit.info"}},
    {"archive",
     {"#"},
     {"payments.info", "payments.error", "shipping.error", "shipping.info", "payments.audit.info"}},
};

const std::vector<std::pair<std::string, std::string>> lines = {
    {"payments.info", "card accepted"},      {"payments.error", "card declined"},
    {"shipping.error", "address unknown"},   {"shipping.info", "parcel sent"},
    {"payments.audit.info", "books closed"},
};

// A line that several of a reader's patterns match comes once.
void bind(ternmq::blocking::connection& broker, Reader& reader) {
  ternmq::topology topology;
  topology.add_exchange(exchange, "topic").add_temporary_queue();
  for (const std::string& pattern : reader.patterns) topology.bind(exchange, "", pattern);
  reader.queue = broker.declare(topology, 10s).front().name;
}

// Whether the reader gets what it wants, in order, and nothing else.
bool read(ternmq::blocking::connection& broker, const Reader& reader) {
  std::vector<std::string> keys;
  auto log = broker.consume(reader.queue, {}, 10s);
  while (keys.size() < reader.wanted.size()) {
    auto line = log.next(10s);
    if (!line) return false;
    std::cout << reader.name << ": " << line->routing_key() << ": " << line->body() << '\n';
    keys.emplace_back(line->routing_key());
    line->ack();
  }
  log.cancel(10s);
  return keys == reader.wanted && broker.inspect(reader.queue, 10s).messages == 0;
}

int main() try {
  const char* url = std::getenv("AMQP_URL");
  ternmq::blocking::connection broker(url != nullptr ? url : "amqp://localhost", 10s);
  for (Reader& reader : readers) bind(broker, reader);
  for (const auto& [key, text] : lines) broker.publish({exchange, key, text}, 10s);

  bool is_right = true;
  for (const Reader& reader : readers) is_right = read(broker, reader) && is_right;
  broker.delete_exchange(exchange, 10s);
  std::cout << (is_right ? "4 readers have their lines\n" : "this went wrong\n");
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
