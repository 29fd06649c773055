#include "broker/node_operations.hpp"

#include <algorithm>

namespace tern::broker {
namespace {

// Every shard knows where a queue lives; one of them is asked.
constexpr ShardId who_knows{0};

constexpr std::uint32_t peek_messages_max = 1000;

BrokerError not_a_filter(const std::string& reason) {
  return {ErrorKind::precondition_failed, "the filter cannot be read: " + reason};
}

}  // namespace

Totals& Totals::operator+=(const Totals& other) noexcept {
  dead_lettered_rejected += other.dead_lettered_rejected;
  dead_lettered_expired += other.dead_lettered_expired;
  dead_lettered_maxlen += other.dead_lettered_maxlen;
  dead_lettered_delivery_limit += other.dead_lettered_delivery_limit;
  dead_letters_unroutable += other.dead_letters_unroutable;
  dead_letter_cycles += other.dead_letter_cycles;
  dropped_at_delivery_limit += other.dropped_at_delivery_limit;
  redriven += other.redriven;
  return *this;
}

void NodeOperations::run(ShardId shard, std::function<void(Shard&)> task) {
  post_(shard, TaskMail{std::make_unique<std::function<void(Shard&)>>(std::move(task))});
}

void NodeOperations::peek(const PeekRequest& request, PeekDone done) {
  auto filter = dlq::MessageFilter::parse(request.filter);
  if (!filter) return done(not_a_filter(filter.error().text));
  const std::uint64_t number = next_number_++;
  auto look = [request, done, number, filter = std::move(*filter)](Shard& shard, QueueId queue) {
    Inspection inspection;
    inspection.queue = queue;
    inspection.state = request.state;
    inspection.filter = filter;
    inspection.from = request.from;
    inspection.looked_at_max = request.looked_at_max;
    inspection.count_max = std::clamp<std::uint32_t>(request.count_max, 1, peek_messages_max);
    inspection.peeked = done;
    shard.inspect(number, std::move(inspection));
  };
  run(who_knows, [request, done, look = std::move(look)](Shard& shard) {
    shard.at_holder(request.holder, look, [done](BrokerError error) { done(std::move(error)); });
  });
}

void NodeOperations::count(const Holder& holder, queue::MessageState state, CountDone done) {
  run(who_knows, [holder, state, done](Shard& shard) {
    shard.at_holder(
        holder, [state, done](Shard& owner, QueueId queue) { done(owner.count(queue, state)); },
        [done](BrokerError error) { done(std::move(error)); });
  });
}

void NodeOperations::intervene(const Holder& holder, const std::vector<Position>& positions,
                               queue::Intervention intervention, CountDone done) {
  const std::uint64_t number = next_number_++;
  auto go = [number, positions, intervention, done](Shard& shard, QueueId queue) {
    Inspection inspection;
    inspection.queue = queue;
    inspection.positions = positions;
    inspection.intervention = intervention;
    inspection.intervened = done;
    shard.intervene(number, std::move(inspection));
  };
  run(who_knows, [holder, done, go = std::move(go)](Shard& shard) {
    shard.at_holder(holder, go, [done](BrokerError error) { done(std::move(error)); });
  });
}

void NodeOperations::remove(const Holder& holder, const std::vector<Position>& positions,
                            CountDone done) {
  intervene(holder, positions, queue::Intervention::remove, std::move(done));
}

void NodeOperations::release(const Holder& holder, const std::vector<Position>& positions,
                             CountDone done) {
  intervene(holder, positions, queue::Intervention::release, std::move(done));
}

Operations::RedriveId NodeOperations::redrive(const RedriveRequest& request, Report report) {
  const RedriveId number = next_number_++;
  const auto refused = [report](BrokerError error) {
    RedriveProgress progress;
    progress.is_done = true;
    progress.error = std::move(error);
    report(progress);
  };
  auto filter = dlq::MessageFilter::parse(request.filter);
  if (!filter) {
    refused(not_a_filter(filter.error().text));
    return number;
  }
  auto go = [request, report, number, filter = std::move(*filter)](Shard& shard, QueueId queue) {
    Inspection inspection;
    inspection.queue = queue;
    inspection.filter = filter;
    // What comes back to this very queue is not sent on again.
    inspection.looked_at_max = shard.count(queue, queue::MessageState::ready);
    inspection.redrive = request;
    inspection.report = report;
    shard.inspect(number, std::move(inspection));
  };
  run(who_knows, [request, refused, go = std::move(go)](Shard& shard) {
    shard.at_holder({request.vhost, request.queue, false}, go, refused);
  });
  return number;
}

void NodeOperations::stop_redrive(RedriveId id) {
  for (std::uint32_t shard = 0; shard < shards_; ++shard)
    run(ShardId{static_cast<std::uint16_t>(shard)}, [id](Shard& each) { each.stop_redrive(id); });
}

void NodeOperations::totals(TotalsDone done) {
  add_totals(0, {}, std::move(done));
}

// From shard to shard, so that each reads its own.
void NodeOperations::add_totals(std::uint32_t shard, Totals sum, TotalsDone done) {
  run(ShardId{static_cast<std::uint16_t>(shard)},
      [this, shard, sum, done = std::move(done)](Shard& each) mutable {
        sum += each.totals();
        if (shard + 1 == shards_) return done(sum);
        add_totals(shard + 1, sum, std::move(done));
      });
}

}  // namespace tern::broker
