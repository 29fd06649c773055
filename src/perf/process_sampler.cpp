#include "perf/process_sampler.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "perf/failure.hpp"

namespace tern::perf {
namespace {

double seconds_per_tick() {
  return 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The number behind `name` in a file of "name: number" lines, summed over processes.
double sum_of(const std::vector<int>& pids, const char* file, const std::string& name) {
  double sum = 0;
  for (const int pid : pids) {
    const std::string text = read_file(fmt::format("/proc/{}/{}", pid, file));
    const auto at = text.find(name);
    if (at != std::string::npos) sum += std::strtod(text.c_str() + at + name.size(), nullptr);
  }
  return sum;
}

double to_double(timeval time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The process's CPU clock, in nanoseconds where /proc has hundredths of a second; 0 if the system
// has none for it.
double exact_cpu_seconds(int pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

CpuTime cpu_of(const std::vector<int>& pids) {
  CpuTime sum;
  for (const int pid : pids) {
    const std::string text = read_file(fmt::format("/proc/{}/stat", pid));
    // The program's name, in parentheses, may hold anything.
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos)
      throw Failure(
          fmt::format("there is no process {}: --pid takes the broker's process ids", pid));
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    double user = 0, kernel = 0;
    fields >> user >> kernel;
    // The clock says how much, ticks say how it was shared between user and kernel.
    const double exact = exact_cpu_seconds(pid);
    const double unit =
        exact > 0 && user + kernel > 0 ? exact / (user + kernel) : seconds_per_tick();
    sum.user += user * unit;
    sum.kernel += kernel * unit;
  }
  return sum;
}

double resident_bytes(const std::vector<int>& pids) {
  return sum_of(pids, "status", "VmRSS:") * 1024;
}

double written_bytes(const std::vector<int>& pids) {
  return sum_of(pids, "io", "\nwrite_bytes:");
}

CpuTime own_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {to_double(usage.ru_utime), to_double(usage.ru_stime)};
}

CpuTime machine_cpu() {
  std::istringstream fields(read_file("/proc/stat"));
  std::string name;
  double user = 0, nice = 0, kernel = 0, idle = 0, disk = 0, interrupt = 0, soft = 0, stolen = 0;
  fields >> name >> user >> nice >> kernel >> idle >> disk >> interrupt >> soft >> stolen;
  return {(user + nice) * seconds_per_tick(),
          (kernel + interrupt + soft + stolen) * seconds_per_tick()};
}

}  // namespace tern::perf
