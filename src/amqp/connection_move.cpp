// Connection: moving to the shard of the queue that it works with, so that neither its messages nor
// their confirms cross threads. It moves when it has nothing outstanding on this shard: before its
// first consumer, or in a pause that it makes for it after many publishes in a row elsewhere.
//
//   wish -> no input taken -> confirms are out -> Transport::move_wanted
//        -> leave() on the old shard ... arrive() on the new one -> input goes on
#include <algorithm>

#include "amqp/connection.hpp"

namespace tern::amqp {
namespace {

// Each move makes the next one less likely: whoever feeds queues of several shards by turns would
// travel for ever.
constexpr std::uint32_t patience_factor = 16;
constexpr std::uint32_t patience_max = 1U << 26;

void grow(std::uint32_t& publishes) {
  publishes = std::min(publishes * patience_factor, patience_max);
}

}  // namespace

bool Connection::is_tied() const {
  if (phase_ != Phase::running || !context_.consumers.is_empty()) return true;
  for (const auto& [number, slot] : slots_)
    if (slot.channel && slot.channel->is_tied()) return true;
  return !context_.broker().may_move(context_.caller.session);
}

bool Connection::has_unconfirmed() const noexcept {
  for (const auto& [number, slot] : slots_)
    if (slot.channel && slot.channel->has_unconfirmed()) return true;
  return false;
}

void Connection::check_wish() {
  if (!context_.wish) [[likely]]
    return;
  if (is_tied()) return stay();
  if (move_noted_ || held_ || !context_.operations.empty() || has_unconfirmed()) return;
  move_noted_ = true;
  context_.transport.move_wanted(*context_.wish);
}

void Connection::stay() {
  move_noted_ = false;
  context_.wish.reset();
  context_.may_move = false;
  context_.publishes_away = 0;
  grow(context_.publishes_before_move);
  if (wants_input()) context_.transport.input_resumed();
}

bool Connection::leave() {
  move_noted_ = false;
  if (!context_.wish) return false;
  if (is_tied()) {
    stay();
    return false;
  }
  attached_ = false;
  standing_ = context_.broker().move_out(context_.caller.session);
  return true;
}

void Connection::arrive(broker::Broker& broker, Time now) {
  now_ = now;
  context_.move_to(broker);
  context_.caller = broker.move_in(*this, standing_);
  attached_ = true;
  context_.wish.reset();
  context_.publishes_away = 0;
  grow(context_.publishes_before_move);
  for (const auto& [number, slot] : slots_)
    if (slot.channel) slot.channel->moved();
  guarded(0, [&] {
    if (const auto error = broker.check_home(context_.caller.session, context_.vhost))
      throw_broker_error(*error, ConnectionOpen::info.id);
  });
}

}  // namespace tern::amqp
