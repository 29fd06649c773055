// `ternmq outbox`: carries rows of a PostgreSQL table to a broker. This is its door; cli registers
// it. Runs on the main thread until SIGTERM or SIGINT.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace tern::outbox {

struct Invocation {
  std::span<const std::string> arguments;  ///< behind `outbox`
  std::ostream& out;
  std::ostream& err;
};

/// Exit code 0: stopped as asked; 1: the configuration is wrong; 2: the command line is wrong.
int run(const Invocation& invocation);

}  // namespace tern::outbox
