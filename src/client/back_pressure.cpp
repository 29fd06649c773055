#include "ternmq/back_pressure.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>

namespace ternmq {

namespace asio = boost::asio;
using std::chrono::duration;
using std::chrono::milliseconds;

// --- the arithmetic -----------------------------------------------------------------------------

retry_after::retry_after(back_pressure_options options, std::uint64_t seed)
    : options_(options), random_(seed) {
  options_.delay_min = std::max(options_.delay_min, milliseconds(1));
  options_.delay_max = std::max(options_.delay_max, options_.delay_min);
  options_.jitter = std::clamp(options_.jitter, 0.0, 1.0);
}

void retry_after::observed(time_point now, std::uint32_t depth) {
  const double seconds = duration<double>(now - looked_at_).count();
  if (depth_ && seconds <= 0) return;  // Two looks at once say nothing of a rate.
  if (depth_) {
    // What was there and what came, less what is there now, has left.
    const double left = double(*depth_) + double(accepted_) - double(depth);
    const double rate = std::max(left, 0.0) / seconds;
    // Half of it is the past, so that one slow second does not count for everything.
    drained_ = drained_ ? (*drained_ + rate) / 2 : rate;
  }
  depth_ = depth;
  looked_at_ = now;
  accepted_ = 0;
}

void retry_after::accepted(std::uint32_t messages) {
  accepted_ += messages;
  rounds_ = 0;
  in_round_ = 0;
}

milliseconds retry_after::refused(time_point now) {
  const bool is_new_round = rounds_ == 0 || now >= round_end_;
  if (is_new_round) {
    ++rounds_;
    in_round_ = 0;
  }
  const double least = double(options_.delay_min.count());
  const double most = double(options_.delay_max.count());
  // The time in which the queue makes room for one message.
  const bool is_rate_known = drained_ && *drained_ > 0;
  const double place = is_rate_known ? std::min(1000.0 / *drained_, most) : 0.0;
  const double grown = std::max(place, least) * std::pow(2.0, std::min(rounds_ - 1, 30U));
  double wait = std::min(grown + place * in_round_, most);
  ++in_round_;
  wait -= wait * options_.jitter * std::uniform_real_distribution<double>(0.0, 1.0)(random_);
  const milliseconds result(static_cast<std::int64_t>(std::ceil(std::max(wait, least))));
  if (is_new_round) round_end_ = now + result;
  return result;
}

// --- the queue ----------------------------------------------------------------------------------

struct detail::pressure_state {
  pressure_state(connection& with, std::string name, const back_pressure_options& how)
      : to(with), queue(std::move(name)), options(how), core(how), timer(with.get_executor()) {}

  connection& to;
  std::string queue;
  back_pressure_options options;
  retry_after core;
  asio::steady_timer timer;  // between two looks
  bool is_stopped = false;
};

namespace {

using pressure_ptr = std::shared_ptr<detail::pressure_state>;
constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

asio::awaitable<void> watch_queue(pressure_ptr state) {
  while (!state->is_stopped) {
    const auto [error, status] = co_await state->to.inspect(state->queue, as_tuple);
    if (state->is_stopped) co_return;
    if (error) throw boost::system::system_error(error, state->queue);
    state->core.observed(std::chrono::steady_clock::now(), status.messages);
    state->timer.expires_after(state->options.interval);
    const auto [ended] = co_await state->timer.async_wait(as_tuple);
    (void)ended;  // stop() has cancelled it, or it is time.
  }
}

asio::awaitable<unsigned> publish_until_taken(pressure_ptr state, publisher by, message what) {
  asio::steady_timer timer(state->to.get_executor());
  for (unsigned refusals = 0;; ++refusals) {
    message copy = what;
    const auto [error, result] = co_await by.publish(std::move(copy), as_tuple);
    if (!error) {
      state->core.accepted();
      co_return refusals;
    }
    if (error != errc::nacked) throw boost::system::system_error(error, result.reply_text);
    timer.expires_after(state->core.refused(std::chrono::steady_clock::now()));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

back_pressure::back_pressure(connection& to, std::string queue, back_pressure_options options)
    : state_(std::make_shared<detail::pressure_state>(to, std::move(queue), options)) {}

back_pressure::~back_pressure() {
  stop();
}

asio::awaitable<void> back_pressure::watch() {
  return watch_queue(state_);
}

void back_pressure::stop() noexcept {
  state_->is_stopped = true;
  state_->timer.cancel();
}

asio::awaitable<unsigned> back_pressure::publish(publisher by, message what) {
  return publish_until_taken(state_, std::move(by), std::move(what));
}

const retry_after& back_pressure::state() const noexcept {
  return state_->core;
}

}  // namespace ternmq
