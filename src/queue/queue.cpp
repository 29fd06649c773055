#include "queue/queue.hpp"

#include "queue/machine.hpp"

namespace tern::queue {

Queue::Queue(const Settings& settings, Sink& sink)
    : machine_(std::make_unique<Machine>(settings, sink)) {
  // Idle queues may be many: what only few of them need is not for the machine itself to hold.
  static_assert(sizeof(Machine) <= 1040);
}

Queue::~Queue() = default;

void Queue::restore(QueueId stream, const Recovered& recovered) {
  machine_->restore(stream, recovered);
}

void Queue::restore_key(std::string_view key, Time seen) {
  machine_->restore_key(key, seen);
}

void Queue::configure(const Rules& rules, Time now) {
  machine_->at(now).configure(rules);
}

void Queue::touch(Time now) {
  machine_->at(now).touch();
}

void Queue::tick(Time now) {
  machine_->at(now).tick();
}

void Queue::publish(MessageRef message, const PublisherToken& token, Time now) {
  machine_->at(now).publish(std::move(message), token);
}

ConsumeError Queue::consume(const ConsumerSpec& spec, Time now) {
  return machine_->at(now).consume(spec);
}

void Queue::cancel(const ConsumerId& consumer, Time now) {
  machine_->at(now).cancel(consumer);
}

void Queue::get(const GetToken& token, bool auto_ack, Time now) {
  machine_->at(now).get(token, auto_ack);
}

void Queue::settle(const ConsumerId& consumer, std::span<const Position> positions,
                   Settlement settlement, Time now) {
  machine_->at(now).settle(consumer, positions, settlement);
}

void Queue::drained(const ConsumerId& consumer, std::uint64_t bytes, Time now) {
  machine_->consumers().drained(consumer, bytes);
  machine_->at(now).finish();
}

void Queue::permit(const ConsumerId& consumer, std::uint32_t count, Time now) {
  machine_->consumers().permit(consumer, count);
  machine_->at(now).finish();
}

void Queue::set_gated(const ConsumerId& consumer, bool gated, Time now) {
  machine_->consumers().set_gated(consumer, gated);
  machine_->at(now).finish();
}

void Queue::loaded(QueueId stream, Position from, Position next, std::vector<Loaded>&& messages,
                   Time now) {
  machine_->at(now).loaded(stream, from, next, messages);
}

void Queue::due_loaded(QueueId stream, std::vector<DuePoint>&& entries, bool is_last, Time now) {
  machine_->at(now).due_loaded(stream, entries, is_last);
}

void Queue::commit_advanced(Time now) {
  machine_->at(now).commit_advanced();
}

std::uint64_t Queue::purge(Time now) {
  return machine_->at(now).purge();
}

void Queue::close() {
  machine_->close();
}

const Counts& Queue::counts() const noexcept {
  return machine_->counts();
}

QueueId Queue::id() const noexcept {
  return machine_->id();
}

const Rules& Queue::rules() const noexcept {
  return machine_->rules();
}

void Queue::browse(const BrowseRequest& request, Time now) {
  machine_->at(now).browse(request);
}

std::uint64_t Queue::intervene(std::span<const Position> positions, Intervention intervention,
                               std::uint64_t operation, Time now) {
  return machine_->at(now).intervene(positions, intervention, operation);
}

void Queue::take_marks(std::vector<StreamMark>& to) {
  machine_->take_marks(to);
}

}  // namespace tern::queue
