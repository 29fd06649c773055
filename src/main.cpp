// The one binary. Everything behind it is a sub-command (cli/command_line.hpp).
#include <unistd.h>

#include <iostream>

#include "cli/command_line.hpp"
#include "cli/serve.hpp"

int main(int count, char** arguments) {
  return tern::cli::run({.arguments = {arguments + (count > 0 ? 1 : 0), arguments + count},
                         .environment = tern::config::read_environment(environ),
                         .out = std::cout,
                         .err = std::cerr,
                         .serve = tern::cli::serve});
}
