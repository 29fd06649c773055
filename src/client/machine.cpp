#include "client/machine.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::client {
namespace {

using ternmq::connection_state;

// How long the broker may take to say goodbye.
constexpr Tick goodbye_ms = 5000;

}  // namespace

Machine::Machine(ternmq::connection_options options)
    : options_(std::move(options)),
      backoff_(options_.recovery, options_.endpoints.size()),
      admin_(hub_) {
  ensure(!options_.endpoints.empty(), "a connection without a host");
}

Machine::~Machine() {
  // What still waits has nobody to call; its handlers are destroyed.
  stop();
  hub_.operations.drop_completed();
}

// --- connecting ---------------------------------------------------------------------------------

void Machine::open(OperationPtr<> op) {
  if (phase_ == Phase::up) return hub_.operations.complete(op.release());
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  opens_.push_back(op.release());
  if (phase_ != Phase::closed) return;
  is_closing_ = false;
  has_been_open_ = false;
  backoff_ = Backoff(options_.recovery, options_.endpoints.size());
  backoff_.first_attempt();
  change_state(connection_state::connecting);
  dial(backoff_.host());
}

void Machine::dial(std::size_t host) {
  phase_ = Phase::dialling;
  phase_deadline_ =
      options_.connect_timeout.count() > 0 ? hub_.now + options_.connect_timeout.count() : never;
  action_ = {SocketAction::Kind::connect, host};
}

void Machine::connected() {
  if (phase_ != Phase::dialling) return;
  phase_ = Phase::login;
  hub_.output.clear();
  hub_.unwritten_bytes = 0;
  old_session_ = std::move(session_);
  session_ = std::make_unique<Session>(hub_.output, options_, static_cast<SessionListener&>(*this),
                                       hub_.now);
}

void Machine::session_opened() {
  phase_ = Phase::restoring;
  phase_deadline_ = never;
  has_been_open_ = true;
  backoff_.succeeded();
  hub_.session = session_.get();
  restore();
}

void Machine::restore() {
  const auto on_step = [this](const Reply& reply) {
    // What cannot be restored is told and left out; the rest is worth having.
    if (reply.error != nullptr)
      tell_watcher({state_, state_, *reply.error, options_.endpoints[backoff_.host()]});
  };
  const auto recovery = [on_step](std::vector<AdminPart::Step> steps,
                                  std::function<void(const error_info*)> on_done) {
    for (auto& step : steps)
      step.on_reply = [on_step, then = std::move(step.on_reply)](const Reply& reply) {
        on_step(reply);
        if (then) then(reply);
      };
    return AdminPart::Task{.steps = std::move(steps),
                           .stops_at_error = false,
                           .is_recovery = true,
                           .on_done = std::move(on_done)};
  };
  const auto on_rename = [this](std::string_view from, std::string_view to) {
    for (ConsumerPart* consumer : consumers_) consumer->rename(from, to);
  };
  admin_.run_first(
      recovery(topology_.recover_steps(on_rename), [this, recovery](const error_info*) {
        admin_.run_first(recovery(topology_.recover_binding_steps(),
                                  [this](const error_info*) { start_parts(); }));
      }));
}

void Machine::start_parts() {
  if (phase_ != Phase::restoring) return;
  are_parts_started_ = true;
  for (const auto& part : parts_) part->connected();
  check_restored();
}

void Machine::check_restored() {
  if (phase_ != Phase::restoring || !are_parts_started_) return;
  const auto is_opening = [](const auto& part) { return part->is_opening(); };
  if (std::any_of(parts_.begin(), parts_.end(), is_opening)) return;
  phase_ = Phase::up;
  change_state(hub_.is_blocked ? connection_state::blocked : connection_state::open);
  for (auto* op : std::exchange(opens_, {})) hub_.operations.complete(op);
}

// --- losing it ----------------------------------------------------------------------------------

void Machine::end_session() {
  hub_.session = nullptr;
  hub_.is_blocked = false;
  are_parts_started_ = false;
  admin_.lost();
  for (const auto& part : parts_) part->lost();
}

void Machine::session_over(const error_info& why) {
  leave(why);
}

void Machine::leave(const error_info& why) {
  if (phase_ == Phase::leaving || phase_ == Phase::closed) return;
  last_error_ = why;
  phase_ = Phase::leaving;
  phase_deadline_ = never;
  end_session();
  action_ = {SocketAction::Kind::disconnect, 0};
}

void Machine::disconnected(const error_info& why) {
  hub_.output.clear();
  if (phase_ == Phase::closed || phase_ == Phase::waiting) return;
  if (phase_ != Phase::leaving) {
    last_error_ = why;
    end_session();
  }
  action_ = {};
  retry();
}

void Machine::retry() {
  phase_deadline_ = never;
  if (is_closing_) return end(error_of(errc::connection_closed));
  if (!has_been_open_) {
    const bool is_hopeless = last_error_.code == errc::authentication_refused;
    if (is_hopeless || backoff_.is_round_over()) return end(last_error_);
    return dial(backoff_.next(hub_.random)->host);
  }
  const auto attempt = options_.recovery.enabled ? backoff_.next(hub_.random) : std::nullopt;
  if (!attempt) return end(error_of(errc::connection_lost, last_error_.message()));
  change_state(connection_state::recovering, last_error_);
  phase_ = Phase::waiting;
  phase_deadline_ = hub_.now + attempt->delay;
}

void Machine::end(const error_info& why) {
  phase_ = Phase::closed;
  phase_deadline_ = never;
  admin_.stop(why);
  for (const auto& part : parts_) part->stop(why);
  for (auto* op : std::exchange(opens_, {})) hub_.operations.fail(*op, why);
  for (auto* op : std::exchange(closes_, {})) hub_.operations.complete(op);
  change_state(connection_state::closed, why);
}

void Machine::close(OperationPtr<> op) {
  if (phase_ == Phase::closed) return hub_.operations.complete(op.release());
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  closes_.push_back(op.release());
  if (std::exchange(is_closing_, true)) return;
  if (phase_ == Phase::waiting) return end(error_of(errc::connection_closed));
  if (phase_ == Phase::leaving) return;
  if (phase_ == Phase::dialling) return leave(error_of(errc::connection_closed));
  end_turn();
  session_->close();
  if (phase_ != Phase::leaving) phase_deadline_ = hub_.now + goodbye_ms;
}

void Machine::stop() {
  is_closing_ = true;
  if (phase_ == Phase::closed) return;
  leave(error_of(errc::connection_closed));
  end(error_of(errc::connection_closed));
  action_ = {SocketAction::Kind::disconnect, 0};
}

// --- events -------------------------------------------------------------------------------------

std::size_t Machine::feed(SlabLease& lease, const char* data, std::size_t size) {
  if (!session_ || phase_ == Phase::leaving || phase_ == Phase::closed) return size;
  const std::size_t used = session_->feed(lease, data, size, hub_.now);
  check_restored();
  return used;
}

std::size_t Machine::bytes_wanted() const noexcept {
  return session_ ? session_->bytes_wanted() : 0;
}

void Machine::tick() {
  hub_.operations.expire(hub_.now);
  if (hub_.session != nullptr) session_->tick(hub_.now);
  for (const auto& part : parts_) part->tick();
  if (phase_deadline_ > hub_.now) return;
  if (phase_ == Phase::waiting) return dial(backoff_.host());
  leave(error_of(errc::timed_out, is_closing_ ? "the broker did not say goodbye"
                                              : "the broker did not answer in time"));
}

Tick Machine::next_wake() const {
  Tick wake = std::min(phase_deadline_, hub_.operations.next_deadline());
  if (hub_.session != nullptr) wake = std::min(wake, session_->next_wake());
  for (const auto& part : parts_) wake = std::min(wake, part->next_wake());
  return wake;
}

void Machine::session_blocked(bool is_blocked, std::string_view reason) {
  hub_.is_blocked = is_blocked;
  if (phase_ == Phase::up)
    change_state(is_blocked ? connection_state::blocked : connection_state::open,
                 {{}, std::string(reason)});
  if (is_blocked) return;
  for (const auto& part : parts_) part->room();
}

void Machine::end_turn() {
  for (ConsumerPart* consumer : std::exchange(hub_.with_acks, {})) consumer->flush();
  sweep();
}

void Machine::wrote(std::size_t taken) {
  hub_.unwritten_bytes = taken;
  if (session_) session_->wrote(hub_.now);
  if (!hub_.is_room_wanted || hub_.is_output_full()) return;
  hub_.is_room_wanted = false;
  for (const auto& part : parts_) part->room();
}

void Machine::change_state(connection_state to, const error_info& why) {
  const connection_state from = std::exchange(state_, to);
  if (from == to && to != connection_state::recovering) return;
  tell_watcher({from, to, why, options_.endpoints[backoff_.host()], backoff_.attempts()});
}

void Machine::tell_watcher(const ternmq::state_change& change) {
  if (watcher_) hub_.operations.post([watcher = watcher_, change] { watcher(change); });
}

void Machine::give_up(operation_base& op) {
  std::erase(opens_, &op);
  std::erase(closes_, &op);
  asked_.erase(op.key);
}

void Machine::sweep() {
  for (auto at = parts_.begin(); at != parts_.end();) {
    if (!(*at)->is_finished()) {
      ++at;
      continue;
    }
    std::erase_if(consumers_, [&](ConsumerPart* one) { return one == at->get(); });
    std::erase_if(hub_.with_acks, [&](ConsumerPart* one) { return one == at->get(); });
    at = parts_.erase(at);
  }
}

}  // namespace tern::client
