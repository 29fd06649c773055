// A program of somebody else's that remembers ids: ids. Links all three stores, uses the one that
// needs no server.
#include <iostream>
#include <ternmq/processed_ids.hpp>

int main(int count, char** arguments) {
  if (count > 1) {  // Never; it is about linking.
    ternmq::postgresql_processed_ids one(std::string{arguments[1]});
    ternmq::rocksdb_processed_ids other(arguments[1]);
  }
  ternmq::sqlite_processed_ids ids(":memory:");
  std::cout << ids.first_time("a") << ids.first_time("a") << '\n';
}
