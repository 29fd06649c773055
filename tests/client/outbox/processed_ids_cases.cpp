// Processed ids in all three databases, as a consumer uses them, crashes included:
// processed_ids_cases CONNECTION-STRING DIRECTORY. PostgreSQL must run, the directory be empty.
#include <libpq-fe.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "ternmq/processed_ids.hpp"

namespace {

using ternmq::processed_ids;
using ternmq::processed_ids_options;

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

#define EXPECT(condition)                                                           \
  do {                                                                              \
    if (!(condition))                                                               \
      throw Failed(std::string(#condition) + ", line " + std::to_string(__LINE__)); \
  } while (false)

using Ids = std::unique_ptr<processed_ids>;

// One kind of store: how to open one of its own, with a name for what is kept.
struct Store {
  const char* name;
  std::function<Ids(const std::string& name, std::chrono::seconds keep)> open;
  bool is_for_one_process;
};

processed_ids_options named(const std::string& table, std::chrono::seconds keep) {
  processed_ids_options options;
  options.table = table;
  options.keep = keep;
  return options;
}

constexpr std::chrono::seconds week = std::chrono::hours(24 * 7);

void marks_once(const Store& store) {
  const Ids ids = store.open("once", week);
  EXPECT(!ids->contains("a"));
  EXPECT(ids->first_time("a"));
  EXPECT(!ids->first_time("a"));
  EXPECT(ids->contains("a"));
  EXPECT(ids->first_time("b"));
  ids->forget("a");
  ids->forget("never there");
  EXPECT(!ids->contains("a"));
  EXPECT(ids->contains("b"));
  EXPECT(ids->first_time("a"));
}

void takes_any_octets(const Store& store) {
  const Ids ids = store.open("octets", week);
  const std::string odd("\0\xff'\"\n;--", 8);
  EXPECT(ids->first_time(odd));
  EXPECT(ids->first_time(odd.substr(0, 1)));
  EXPECT(!ids->first_time(odd));
  EXPECT(ids->first_time(std::string(255, 'x')));
  for (const std::string& wrong : {std::string(), std::string(256, 'x')}) {
    bool is_refused = false;
    try {
      static_cast<void>(ids->first_time(wrong));
    } catch (const std::invalid_argument&) {
      is_refused = true;
    }
    EXPECT(is_refused);
  }
}

void remembers_after_reopening(const Store& store) {
  EXPECT(store.open("reopened", week)->first_time("a"));
  EXPECT(store.open("reopened", week)->contains("a"));
  EXPECT(!store.open("reopened", week)->first_time("a"));
}

void expires_what_is_old(const Store& store) {
  {
    const Ids ids = store.open("expiry", week);
    for (int number = 0; number < 2500; ++number)
      EXPECT(ids->first_time("old " + std::to_string(number)));
    EXPECT(ids->expire() == 0);
    EXPECT(ids->contains("old 0"));
  }
  // Kept for less than no time: what was marked until now is old.
  const Ids ids = store.open("expiry", std::chrono::seconds(-10));
  EXPECT(ids->expire() == 2500);
  EXPECT(!ids->contains("old 0"));
  EXPECT(!ids->contains("old 2499"));
  EXPECT(ids->first_time("old 0"));
  EXPECT(ids->expire() == 1);
  EXPECT(ids->expire() == 0);
}

// Of all that ask at once, exactly one was first, for each id.
void one_of_many_is_first(const Store& store) {
  constexpr int askers = 4;
  constexpr int rounds = 50;
  std::vector<std::atomic<int>> firsts(rounds);
  std::atomic<int> errors{0};
  const Ids shared = store.is_for_one_process ? store.open("race", week) : nullptr;
  std::vector<std::thread> threads;
  for (int asker = 0; asker < askers; ++asker)
    threads.emplace_back([&] {
      try {
        const Ids own = shared ? nullptr : store.open("race", week);
        processed_ids& ids = own ? *own : *shared;
        for (int round = 0; round < rounds; ++round)
          if (ids.first_time(std::to_string(round))) ++firsts[static_cast<std::size_t>(round)];
      } catch (const std::exception& error) {
        std::printf("%s\n", error.what());
        ++errors;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT(errors == 0);
  for (const auto& count : firsts) EXPECT(count == 1);
}

// Runs `life` in a process that is gone without a goodbye after it.
void in_a_process_that_dies(const std::function<void()>& life) {
  const pid_t child = ::fork();
  if (child == 0) {
    life();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  EXPECT(::waitpid(child, &status, 0) == child);
  EXPECT(WIFSIGNALED(status));
}

void a_mark_survives_a_kill(const Store& store) {
  in_a_process_that_dies([&] {
    Ids ids = store.open("killed", week);
    static_cast<void>(ids->first_time("a"));
    static_cast<void>(ids.release());
  });
  EXPECT(store.open("killed", week)->contains("a"));
}

// process_once(): a crash, or an error, between the effect and the mark lets it happen again.
void process_once_marks_after_the_work(const Store& store) {
  in_a_process_that_dies([&] {
    const Ids ids = store.open("processing", week);
    process_once(*ids, "a", [] { ::kill(::getpid(), SIGKILL); });
  });
  const Ids ids = store.open("processing", week);
  int works = 0;
  bool has_thrown = false;
  try {
    process_once(*ids, "a", [] { throw Failed("the effect"); });
  } catch (const Failed&) {
    has_thrown = true;
  }
  EXPECT(has_thrown);
  EXPECT(process_once(*ids, "a", [&] { ++works; }));
  EXPECT(!process_once(*ids, "a", [&] { ++works; }));
  EXPECT(works == 1);
}

// --- in the user's own transaction ---

void run_postgres(PGconn* connection, const char* sql) {
  PGresult* answer = PQexec(connection, sql);
  const auto status = PQresultStatus(answer);
  PQclear(answer);
  if (status != PGRES_COMMAND_OK) throw Failed(PQerrorMessage(connection));
}

struct Connection {
  explicit Connection(const std::string& url) : handle(PQconnectdb(url.c_str())) {
    if (PQstatus(handle) != CONNECTION_OK) throw Failed(PQerrorMessage(handle));
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { PQfinish(handle); }
  PGconn* handle;
};

void postgresql_takes_part_in_a_transaction(const std::string& url) {
  Connection user(url);
  ternmq::postgresql_processed_ids ids(user.handle, named("taking_part", week));
  run_postgres(user.handle, "BEGIN");
  EXPECT(ids.first_time("a"));
  run_postgres(user.handle, "ROLLBACK");
  EXPECT(!ids.contains("a"));
  run_postgres(user.handle, "BEGIN");
  EXPECT(ids.first_time("a"));
  run_postgres(user.handle, "COMMIT");
  EXPECT(!ids.first_time("a"));
}

// The second waits until the first transaction's end, and then knows.
void postgresql_waits_for_the_other_transaction(const std::string& url) {
  for (const bool commits : {true, false}) {
    Connection user(url);
    ternmq::postgresql_processed_ids ids(user.handle, named("waiting", week));
    const char* id = commits ? "committed" : "rolled back";
    run_postgres(user.handle, "BEGIN");
    EXPECT(ids.first_time(id));
    std::atomic<bool> is_answered{false};
    bool was_first = false;
    std::thread second([&] {
      ternmq::postgresql_processed_ids others(url, named("waiting", week));
      was_first = others.first_time(id);
      is_answered = true;
    });
    // Somebody waits for a lock: the second one.
    Connection watcher(url);
    for (bool is_waiting = false; !is_waiting && !is_answered;) {
      PGresult* answer = PQexec(watcher.handle, "SELECT 1 FROM pg_locks WHERE NOT granted");
      is_waiting = PQntuples(answer) > 0;
      PQclear(answer);
    }
    const bool has_waited = !is_answered;
    run_postgres(user.handle, commits ? "COMMIT" : "ROLLBACK");
    second.join();
    EXPECT(has_waited);
    EXPECT(was_first == !commits);
  }
}

// Several that begin at the same moment find no table, and all make it.
void postgresql_makes_its_table_once(const std::string& url) {
  constexpr int makers = 4;
  constexpr int rounds = 20;
  std::barrier begin(makers);
  std::atomic<int> errors{0};
  std::vector<std::thread> threads;
  for (int maker = 0; maker < makers; ++maker)
    threads.emplace_back([&] {
      const Connection user(url);
      for (int round = 0; round < rounds; ++round) {
        begin.arrive_and_wait();
        try {
          ternmq::postgresql_processed_ids ids(user.handle,
                                               named("made_" + std::to_string(round), week));
        } catch (const ternmq::processed_ids_error&) {
          ++errors;
        }
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT(errors == 0);
}

void postgresql_connects_again(const std::string& url) {
  ternmq::postgresql_processed_ids ids(url, named("again", week));
  EXPECT(ids.first_time("a"));
  Connection killer(url);
  PGresult* answer = PQexec(killer.handle,
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
  EXPECT(PQntuples(answer) >= 1);
  PQclear(answer);
  bool has_failed = false;
  try {
    static_cast<void>(ids.contains("a"));
  } catch (const ternmq::processed_ids_error&) {
    has_failed = true;
  }
  EXPECT(has_failed);
  EXPECT(ids.contains("a"));
}

void run_sql(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw Failed(sqlite3_errmsg(database));
}

void sqlite_takes_part_in_a_transaction(const std::string& file) {
  sqlite3* database = nullptr;
  EXPECT(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  {
    ternmq::sqlite_processed_ids ids(database);
    run_sql(database, "BEGIN");
    EXPECT(ids.first_time("a"));
    run_sql(database, "ROLLBACK");
    EXPECT(!ids.contains("a"));
    run_sql(database, "BEGIN");
    EXPECT(ids.first_time("a"));
    run_sql(database, "COMMIT");
    EXPECT(!ids.first_time("a"));
  }
  EXPECT(sqlite3_close(database) == SQLITE_OK);
}

void errors_are_told(const std::string& directory) {
  const std::function<void()> wrong[] = {
      [&] { ternmq::sqlite_processed_ids ids(directory + "/not/there.db"); },
      [&] { ternmq::rocksdb_processed_ids ids(directory + "/not/there/either"); },
      [&] { ternmq::postgresql_processed_ids ids("host=" + directory); },
  };
  for (const auto& open : wrong) {
    std::string said;
    try {
      open();
    } catch (const ternmq::processed_ids_error& error) {
      said = error.what();
    }
    EXPECT(said.starts_with("processed ids in "));
  }
  bool is_refused = false;
  try {
    ternmq::sqlite_processed_ids ids(directory + "/x.db", named("a; DROP TABLE b", week));
  } catch (const std::invalid_argument&) {
    is_refused = true;
  }
  EXPECT(is_refused);
}

class Runner {
 public:
  void run(const std::string& name, const std::function<void()>& body) {
    try {
      body();
      ++passed_;
    } catch (const std::exception& error) {
      ++failed_;
      std::printf("FAIL %s: %s\n", name.c_str(), error.what());
    }
    std::fflush(stdout);
  }
  int finish() const {
    std::printf("%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  int passed_ = 0;
  int failed_ = 0;
};

std::vector<Store> stores(const std::string& url, const std::string& directory) {
  return {
      {"postgresql",
       [url](const std::string& name, std::chrono::seconds keep) -> Ids {
         return std::make_unique<ternmq::postgresql_processed_ids>(url, named(name, keep));
       },
       false},
      {"sqlite",
       [directory](const std::string& name, std::chrono::seconds keep) -> Ids {
         return std::make_unique<ternmq::sqlite_processed_ids>(directory + "/ids.db",
                                                               named(name, keep));
       },
       false},
      {"rocksdb",
       [directory](const std::string& name, std::chrono::seconds keep) -> Ids {
         return std::make_unique<ternmq::rocksdb_processed_ids>(directory + "/" + name,
                                                                named({}, keep));
       },
       true},
  };
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string url = arguments[1];
  const std::string directory = arguments[2];
  Runner runner;
  for (const Store& store : stores(url, directory)) {
    const std::string name = store.name;
    runner.run(name + " marks once", [&] { marks_once(store); });
    runner.run(name + " takes any octets", [&] { takes_any_octets(store); });
    runner.run(name + " remembers after reopening", [&] { remembers_after_reopening(store); });
    runner.run(name + " expires what is old", [&] { expires_what_is_old(store); });
    runner.run(name + ": one of many is first", [&] { one_of_many_is_first(store); });
    runner.run(name + ": a mark survives a kill", [&] { a_mark_survives_a_kill(store); });
    runner.run(name + ": process_once", [&] { process_once_marks_after_the_work(store); });
  }
  runner.run("postgresql, in a transaction", [&] { postgresql_takes_part_in_a_transaction(url); });
  runner.run("postgresql, two transactions",
             [&] { postgresql_waits_for_the_other_transaction(url); });
  runner.run("postgresql, its table", [&] { postgresql_makes_its_table_once(url); });
  runner.run("postgresql, connecting again", [&] { postgresql_connects_again(url); });
  runner.run("sqlite, in a transaction",
             [&] { sqlite_takes_part_in_a_transaction(directory + "/user.db"); });
  runner.run("errors", [&] { errors_are_told(directory); });
  return runner.finish();
}
