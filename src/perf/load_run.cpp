#include "perf/load_run.hpp"

#include <algorithm>

#include "perf/consumer.hpp"
#include "perf/interrupt.hpp"
#include "perf/producer.hpp"

namespace tern::perf {
namespace {

constexpr auto tick_length = std::chrono::milliseconds(5);

template <class Figures, class Get>
std::uint64_t sum(const std::deque<Figures>& all, Get&& get) {
  std::uint64_t sum = 0;
  for (const Figures& one : all) sum += get(one);
  return sum;
}

}  // namespace

void RunState::wait_for_start() noexcept {
  ++ready;
  start.wait(0, std::memory_order_acquire);
}

LoadRun::LoadRun(const Options& options, Progress& progress)
    : state_(options), progress_(progress) {}

LoadRun::~LoadRun() {
  stop();
}

Snapshot LoadRun::start_producers() {
  return start(true, false);
}
Snapshot LoadRun::start_consumers() {
  return start(false, true);
}
Snapshot LoadRun::start_both() {
  return start(true, true);
}

Snapshot LoadRun::start(bool producers, bool consumers) {
  const std::size_t before = threads_.size();
  state_.ready = 0;
  state_.start = 0;
  const Options& options = state_.options;
  for (unsigned index = 0; consumers && index < options.consumers; ++index)
    threads_.emplace_back(Consumer::run, std::ref(state_), index);
  for (unsigned index = 0; producers && index < options.producers; ++index)
    threads_.emplace_back(Producer::run, std::ref(state_), index);
  phase_ = "connecting";
  while (state_.ready < threads_.size() - before && !state_.is_over()) tick();
  phase_ = producers ? "publishing" : "draining";
  const Nanos now = now_nanos();
  if (producers && options.count == 0)
    state_.stop_sending = now + to_nanos(options.warmup + options.seconds);
  state_.start.store(now, std::memory_order_release);
  state_.start.notify_all();
  return snapshot();
}

Snapshot LoadRun::wait_for_warmup(const Snapshot& started) {
  if (state_.options.warmup <= 0) return started;
  const Nanos end = started.at + to_nanos(state_.options.warmup);
  const auto is_sending = [&] {
    return std::any_of(state_.producers.begin(), state_.producers.end(),
                       [](const ProducerFigures& one) { return one.is_sending.load(); });
  };
  while (now_nanos() < end && !state_.is_over() && is_sending()) tick();
  return snapshot();
}

Snapshot LoadRun::wait_for_sending() {
  const auto is_sending = [](const ProducerFigures& one) { return one.is_sending.load(); };
  while (std::any_of(state_.producers.begin(), state_.producers.end(), is_sending) &&
         !state_.is_over())
    tick();
  return snapshot();
}

Snapshot LoadRun::wait_for_confirms() {
  phase_ = "confirming";
  const auto has_ended = [](const ProducerFigures& one) { return one.has_ended.load(); };
  while (!std::all_of(state_.producers.begin(), state_.producers.end(), has_ended)) tick();
  return snapshot();
}

Snapshot LoadRun::wait_for_deliveries() {
  phase_ = "draining";
  const Nanos patience = to_nanos(state_.options.patience);
  std::uint64_t before = 0;
  Nanos last_progress = now_nanos();
  while (!state_.is_over()) {
    const std::uint64_t now_arrived = arrived();
    if (now_arrived >= expected()) break;
    const Nanos now = now_nanos();
    if (now_arrived != before) last_progress = now;
    before = now_arrived;
    if (now - last_progress > patience) {
      is_impatient_ = true;
      break;
    }
    tick();
  }
  // Duplicates would come now, and the last acknowledgements go.
  const auto grace = std::chrono::milliseconds(state_.options.auto_ack ? 20 : 150);
  std::this_thread::sleep_for(grace);
  return snapshot();
}

void LoadRun::stop() {
  state_.stop_sending = 0;
  state_.stop_consuming = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  progress_.clear();
}

std::uint64_t LoadRun::expected() const {
  if (state_.producers.empty()) return state_.options.count;
  const auto copies = state_.streams.copies();
  return sum(state_.producers, [&](const ProducerFigures& one) {
    return (one.sent.get() - one.rejected.get()) * copies;
  });
}

std::uint64_t LoadRun::arrived() const {
  return sum(state_.consumers,
             [](const ConsumerFigures& one) { return one.received.get() - one.duplicated.get(); });
}

Snapshot LoadRun::snapshot() const {
  Snapshot now;
  now.at = now_nanos();
  for (const ProducerFigures& one : state_.producers) {
    now.sent += one.sent.get();
    now.settled += one.confirmed.get() + one.rejected.get();
  }
  now.received =
      sum(state_.consumers, [](const ConsumerFigures& one) { return one.received.get(); });
  now.broker = cpu_of(state_.options.pids);
  now.own = own_cpu();
  now.machine = machine_cpu();
  return now;
}

std::string LoadRun::error() const {
  for (const ProducerFigures& one : state_.producers) {
    if (!one.error.empty()) return one.error;
  }
  for (const ConsumerFigures& one : state_.consumers) {
    if (!one.error.empty()) return one.error;
  }
  return "";
}

void LoadRun::tick() {
  std::this_thread::sleep_for(tick_length);
  const Nanos now = now_nanos();
  if (now - resident_read_at_ > nanos_per_second / 10) {
    resident_read_at_ = now;
    resident_peak_ = std::max(resident_peak_, resident_bytes(state_.options.pids));
    Progress::Counts counts;
    for (const ProducerFigures& one : state_.producers) {
      counts.published += one.sent.get();
      counts.confirmed += one.confirmed.get();
    }
    for (const ConsumerFigures& one : state_.consumers) counts.received += one.received.get();
    progress_.show(phase_, counts);
  }
}

}  // namespace tern::perf
