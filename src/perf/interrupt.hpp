// Ctrl-C ends a run early but orderly: producers stop, what is on its way is received, queues are
// removed, figures are printed. The flag is set by a signal handler and read by any thread.
#pragma once

namespace tern::perf {

/// From now on SIGINT and SIGTERM only set the flag; a second one ends the program.
void catch_interrupts() noexcept;
[[nodiscard]] bool is_interrupted() noexcept;

}  // namespace tern::perf
