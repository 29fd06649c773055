// The broker's start and stop in order. The broker is not part of the program yet.
#include "cli/serve.hpp"

#include "base/log.hpp"

namespace tern::cli {

int serve(const config::Config&) {
  log_error("serve", "this build has no broker in it yet; only check and version work");
  return 1;
}

}  // namespace tern::cli
