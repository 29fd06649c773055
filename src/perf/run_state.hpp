// What the threads of one run share: the start signal, the order to stop, and each thread's
// figures, which only that thread writes. Owned by the run, outlives its threads.
#pragma once

#include <atomic>
#include <deque>
#include <string>

#include "perf/histogram.hpp"
#include "perf/streams.hpp"

namespace tern::perf {

struct alignas(64) ProducerFigures {
  Counter sent;
  Counter confirmed;
  Counter rejected;
  Counter returned;
  Counter blocked;         ///< how often the broker said that it takes no more
  Counter confirm_frames;  ///< basic.ack and basic.nack
  Counter wrong_confirms;  ///< of what was not outstanding
  std::atomic<bool> is_sending{true};
  std::atomic<bool> has_ended{false};
  Histogram confirm_latency;
  std::string error;  ///< read after the thread's end
};

struct alignas(64) ConsumerFigures {
  Counter received;
  Counter duplicated;
  std::atomic<Nanos> first_at{0};
  std::atomic<Nanos> last_at{0};
  std::uint64_t redelivered = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t corrupt = 0;  ///< a body of a wrong size, or a stamp that nobody made
  std::uint64_t cancelled = 0;
  Histogram latency;
  std::string error;
};

struct RunState {
  explicit RunState(const Options& run_options)
      : options(run_options),
        streams(run_options),
        producers(run_options.producers),
        consumers(run_options.consumers) {}

  /// Called by a thread that is connected: waits for the others, or until one of them has failed.
  void wait_for_start() noexcept;
  /// Called by a thread that cannot go on.
  void give_up() noexcept {
    has_failed = true;
    ++ready;
  }
  [[nodiscard]] bool is_over() const noexcept { return has_failed.load(std::memory_order_relaxed); }

  const Options& options;
  Streams streams;
  std::deque<ProducerFigures> producers;
  std::deque<ConsumerFigures> consumers;
  std::atomic<unsigned> ready{0};
  std::atomic<Nanos> start{0};
  std::atomic<Nanos> stop_sending{~Nanos{0}};
  std::atomic<bool> stop_consuming{false};
  std::atomic<bool> has_failed{false};
};

}  // namespace tern::perf
