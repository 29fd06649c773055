#include "queue/queue.hpp"

#include "queue/machine.hpp"

namespace tern::queue {

Queue::Queue(const Settings& settings, Sink& sink)
    : machine_(std::make_unique<Machine>(settings, sink)) {}

Queue::~Queue() = default;

void Queue::restore(QueueId stream, const Recovered& recovered) {
  machine_->restore(stream, recovered);
}

void Queue::restore_key(std::string_view, Time) {}

void Queue::configure(const Rules& rules, Time now) {
  machine_->configure(rules, now);
}

void Queue::touch(Time) {}

void Queue::tick(Time) {}

void Queue::publish(MessageRef message, const PublisherToken& token, Time) {
  machine_->publish(std::move(message), token);
}

ConsumeError Queue::consume(const ConsumerSpec& spec, Time) {
  return machine_->consume(spec);
}

void Queue::cancel(const ConsumerId& consumer, Time) {
  machine_->cancel(consumer);
}

void Queue::get(const GetToken& token, bool auto_ack, Time) {
  machine_->get(token, auto_ack);
}

void Queue::settle(const ConsumerId& consumer, std::span<const Position> positions,
                   Settlement settlement, Time) {
  machine_->settle(consumer, positions, settlement);
}

void Queue::drained(const ConsumerId& consumer, std::uint64_t bytes, Time) {
  machine_->consumers().drained(consumer, bytes);
  machine_->finish();
}

void Queue::permit(const ConsumerId& consumer, std::uint32_t count, Time) {
  machine_->consumers().permit(consumer, count);
  machine_->finish();
}

void Queue::set_gated(const ConsumerId& consumer, bool gated, Time) {
  machine_->consumers().set_gated(consumer, gated);
  machine_->finish();
}

void Queue::loaded(QueueId stream, Position from, Position next, std::vector<Loaded>&& messages,
                   Time) {
  machine_->loaded(stream, from, next, messages);
}

void Queue::due_loaded(QueueId, std::vector<DuePoint>&&, bool, Time) {}

void Queue::commit_advanced(Time) {
  machine_->commit_advanced();
}

std::uint64_t Queue::purge(Time) {
  return machine_->purge();
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

void Queue::browse(const BrowseRequest& request, Time) {
  machine_->browse(request);
}

std::uint64_t Queue::intervene(std::span<const Position>, Intervention, std::uint64_t, Time) {
  return 0;
}

void Queue::take_marks(std::vector<StreamMark>& to) {
  machine_->take_marks(to);
}

}  // namespace tern::queue
