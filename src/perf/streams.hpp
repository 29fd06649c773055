// A stream is what one producer sends to one queue: its messages are numbered from 0, and so loss,
// duplication and order can be told. This is the book of all streams of a run: producers write what
// they have sent before they send it, consumers what has come. Shared by all threads of a run.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "perf/options.hpp"
#include "perf/sequence_set.hpp"

namespace tern::perf {

/// Written by one thread, read by others at any time.
class Counter {
 public:
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(std::uint64_t more) noexcept { set(get() + more); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) Stream {
  std::atomic<std::uint64_t> sent{0};
  SequenceSet seen;
  std::atomic<std::uint64_t> unique{0};  ///< summed up by consumers when they end
  std::atomic<std::uint64_t> duplicated{0};
};

class Streams {
 public:
  explicit Streams(const Options& options);

  /// The stream of a message that came from that queue with that producer's stamp; nothing if this
  /// producer does not send there.
  [[nodiscard]] std::optional<std::size_t> find(unsigned queue, unsigned producer) const noexcept {
    if (queue >= queues_ || producer >= producers_) return std::nullopt;
    if (is_fanout_) return std::size_t{queue} * producers_ + producer;
    if (producers_ >= queues_)
      return producer % queues_ == queue ? std::optional<std::size_t>(producer) : std::nullopt;
    return queue % producers_ == producer ? std::optional<std::size_t>(queue) : std::nullopt;
  }
  [[nodiscard]] Stream& operator[](std::size_t index) noexcept { return streams_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The queues that a producer publishes to, in turn. One for a fanout exchange, which copies.
  [[nodiscard]] std::vector<unsigned> queues_of_producer(unsigned producer) const;
  [[nodiscard]] std::vector<unsigned> queues_of_consumer(unsigned consumer) const;
  /// The streams that grow when a producer publishes to that queue.
  [[nodiscard]] std::vector<std::size_t> streams_of(unsigned queue, unsigned producer) const;

  /// How many queues a message goes to.
  [[nodiscard]] unsigned copies() const noexcept { return is_fanout_ ? queues_ : 1; }
  /// Whether several consumers read one queue.
  [[nodiscard]] bool are_shared() const noexcept { return consumers_ > queues_; }

  struct Sums {
    std::uint64_t expected = 0, lost = 0, duplicated = 0;
  };
  /// After the consumers' end.
  [[nodiscard]] Sums sum() const;

 private:
  bool is_fanout_;
  unsigned queues_;
  unsigned producers_;
  unsigned consumers_;
  std::size_t size_;
  std::unique_ptr<Stream[]> streams_;
};

}  // namespace tern::perf
