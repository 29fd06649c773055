// Back-pressure for publishers to a queue with x-overflow=reject-publish: how long to wait before a
// message that the full queue has refused is published again, and how full the queue is.
//
//   ternmq::back_pressure pressure(connection, "orders");
//   asio::co_spawn(io, pressure.watch(), asio::detached);
//   co_await pressure.publish(publisher, order);  // waits and tries again while it is refused
//
// Within retry_after is the arithmetic alone, for those who have a loop of their own. ternmq.hpp
// does not include this header, because coroutines cost time to compile.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <random>

#include "ternmq/connection.hpp"

namespace ternmq {

/// How to wait. The defaults suit a queue that is drained by thousands a second as well as by one.
struct back_pressure_options {
  back_pressure_options() noexcept {}  // Not an aggregate: see message.hpp.

  /// Between two looks at the queue.
  std::chrono::milliseconds interval{1000};
  /// The shortest wait.
  std::chrono::milliseconds delay_min{20};
  /// The longest wait.
  std::chrono::milliseconds delay_max{30'000};
  /// The part of a wait that is drawn at random and left out, so that many do not come back at
  /// once; from 0 to 1.
  double jitter = 0.25;
};

/// Says how long to wait after a refusal, from how fast the queue is drained and how often it has
/// refused. Knows no clock and no connection; for one thread.
///
/// Refusals come in rounds: all that are told before the first wait of a round is over belong to
/// it. The wait doubles with each round until something is accepted, and within a round each
/// refused message waits for one more place in the queue than the one before.
class retry_after {
 public:
  /// A point in time, as the caller's clock has it.
  using time_point = std::chrono::steady_clock::time_point;

  /// `seed`: of what is drawn at random.
  explicit retry_after(back_pressure_options options = {},
                       std::uint64_t seed = std::random_device{}());

  /// A look at the queue has found that many ready messages.
  void observed(time_point now, std::uint32_t depth);
  /// The queue has taken messages of this publisher.
  void accepted(std::uint32_t messages = 1);
  /// The queue has refused one: how long to wait before it is tried again.
  [[nodiscard]] std::chrono::milliseconds refused(time_point now);

  /// Messages that leave the queue in a second, net of what other publishers add; nothing before
  /// the second look.
  [[nodiscard]] std::optional<double> drained_per_second() const noexcept { return drained_; }
  /// What the last look has found.
  [[nodiscard]] std::optional<std::uint32_t> depth() const noexcept { return depth_; }

 private:
  back_pressure_options options_;
  std::mt19937_64 random_;
  std::optional<std::uint32_t> depth_;
  std::optional<double> drained_;
  time_point looked_at_;
  std::uint64_t accepted_ = 0;  // since then
  unsigned rounds_ = 0;         // without anything accepted
  unsigned in_round_ = 0;       // refusals of this round
  time_point round_end_;
};

namespace detail {
struct pressure_state;
}

/// Watches one queue and publishes to it without giving up. Used on the connection's executor; the
/// connection must outlive what it has begun.
class back_pressure {
 public:
  /// Does nothing yet: see watch().
  back_pressure(connection& to, std::string queue, back_pressure_options options = {});
  /// Ends watch().
  ~back_pressure();
  back_pressure(const back_pressure&) = delete;
  back_pressure& operator=(const back_pressure&) = delete;

  /// Looks at the queue at each interval, until stop(). Throws if the queue is not there, or the
  /// connection is over. Without it the waits grow all the same, but know of no drain rate.
  [[nodiscard]] boost::asio::awaitable<void> watch();
  /// Ends watch(), which then returns.
  void stop() noexcept;

  /// Publishes; waits and tries again for as long as the queue refuses the message. Returns how
  /// often it did. Throws what else goes wrong: see publisher::publish().
  [[nodiscard]] boost::asio::awaitable<unsigned> publish(publisher by, message what);

  /// What is known of the queue.
  [[nodiscard]] const retry_after& state() const noexcept;

 private:
  std::shared_ptr<detail::pressure_state> state_;
};

}  // namespace ternmq
