// Shard: what operators ask of queues (operations.hpp). A walk over a queue takes a page at a time,
// and other work comes between two pages.
#include <algorithm>

#include "base/ensure.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"
#include "broker/texts.hpp"
#include "dlq/redrive.hpp"
#include "message/properties.hpp"

namespace tern::broker {
namespace {

// How long a redrive waits when transfers of others are on their way to the disk.
constexpr Millis redrive_retry{1};

}  // namespace

void Shard::handle(TaskMail& mail) {
  (*mail.task)(*this);
}

QueuePointer Shard::find_holder(const Holder& holder) const {
  const VhostRecord* vhost = replica_.find_vhost(holder.vhost);
  if (vhost == nullptr) return nullptr;
  if (!holder.is_exchange) return replica_.find_queue(vhost->number, holder.name);
  const RoutedExchange* exchange = replica_.find_exchange(vhost->number, holder.name);
  if (exchange == nullptr || !exchange->record->has_gate()) return nullptr;
  return gate_of(*exchange->record, ports_.shards);
}

void Shard::at_holder(const Holder& holder, std::function<void(Shard&, QueueId)> work,
                      std::function<void(BrokerError)> refused) {
  const QueuePointer queue = find_holder(holder);
  if (queue == nullptr)
    return refused(holder.is_exchange ? texts::no_exchange(holder.name, holder.vhost)
                                      : texts::no_queue(holder.name, holder.vhost));
  auto task = std::make_unique<std::function<void(Shard&)>>(
      [id = queue->id, holder, work = std::move(work), refused = std::move(refused)](Shard& shard) {
        if (shard.find_owned(id) == nullptr)
          return refused(texts::no_queue(holder.name, holder.vhost));
        work(shard, id);
      });
  send(queue->shard, TaskMail{std::move(task)});
}

// --- walking
// --------------------------------------------------------------------------------------

void Shard::inspect(std::uint64_t number, Inspection&& inspection) {
  inspections_.add(number, std::move(inspection));
  next_page(number);
}

void Shard::next_page(std::uint64_t number) {
  Inspection* const inspection = inspections_.find(number);
  if (inspection == nullptr || inspection->progress.is_done) return;
  OwnedQueue* owned = find_owned(inspection->queue);
  ensure(owned != nullptr, "an inspection of a queue that has gone");
  queue::BrowseRequest request;
  request.operation = number;
  request.state = inspection->state;
  request.from = inspection->from;
  request.bytes_max = Inspections::page_bytes;
  request.count_max = Inspections::page_messages;
  if (inspection->peeked) {
    const auto wanted =
        inspection->count_max - static_cast<std::uint32_t>(inspection->result.messages.size());
    // A page never ends within itself, because what was not looked at would be passed over.
    if (inspection->filter.is_empty()) request.count_max = std::min(request.count_max, wanted);
  } else if (inspection->redrive.per_second_max != 0) {
    request.count_max = std::min(request.count_max, inspection->redrive.per_second_max);
  }
  const Changing changing(changing_);
  owned->machine.browse(request, now_);
}

void Shard::browsed(QueueId, std::uint64_t operation, std::vector<queue::Found>&& found,
                    Position next) {
  auto page = std::make_shared<std::vector<queue::Found>>(std::move(found));
  auto task = std::make_unique<std::function<void(Shard&)>>([operation, page, next](Shard& shard) {
    Inspection* const inspection = shard.inspections_.find(operation);
    // The queue may have gone since.
    if (inspection == nullptr || inspection->progress.is_done) return;
    if (inspection->intervened) return shard.intervene_further(operation, *inspection);
    if (!inspection->peeked && !inspection->redrive.is_dry_run && shard.transfers_in_flight_ != 0) {
      // What is planned must go at once, or topology may change in between: look again soon.
      inspection->resume_at = shard.now_ + redrive_retry;
      return;
    }
    inspection->from = next;
    if (inspection->peeked)
      shard.peek_page(operation, *inspection, *page);
    else
      shard.redrive_page(operation, *inspection, *page);
  });
  send(ports_.id, TaskMail{std::move(task)});
}

void Shard::peek_page(std::uint64_t number, Inspection& inspection,
                      std::vector<queue::Found>& page) {
  PeekResult& result = inspection.result;
  result.looked_at += page.size();
  result.next = inspection.from;
  for (queue::Found& each : page) {
    if (inspection.filter.matches(*each.message)) result.messages.push_back(std::move(each));
  }
  const bool is_over = result.next == 0 || result.messages.size() >= inspection.count_max ||
                       result.looked_at >= inspection.looked_at_max;
  if (!is_over) return next_page(number);
  const auto done = std::move(inspection.peeked);
  PeekResult answer = std::move(result);
  inspections_.erase(number);
  done(std::move(answer));
}

// --- redriving
// ------------------------------------------------------------------------------------

Result<std::vector<QueueAddress>> Shard::plan_redrive(const QueueRecord& source,
                                                      const RedriveRequest& request,
                                                      const Message& message,
                                                      dlq::Republish& letter) {
  const auto destination = request.to_queue.empty()
                               ? dlq::origin_of(message)
                               : Result<dlq::Destination>(dlq::to_queue(request.to_queue));
  if (!destination) return destination.error();
  const RoutedExchange* exchange = nullptr;
  if (!destination->exchange.empty()) {
    exchange = replica_.find_exchange(source.vhost, destination->exchange);
    if (exchange == nullptr)
      return Error{"it came from exchange '" + destination->exchange + "', which is not there"};
  }
  letter = dlq::redrive(message, source.name, *destination, now_);
  router_.route(source.vhost, exchange, *letter.message,
                PropertiesView::of(*letter.message).headers(), forward_route_);
  if (forward_route_.targets.empty())
    return Error{"no queue is bound for exchange '" + destination->exchange +
                 "' and routing key '" + destination->routing_keys.front() + "'"};
  return forward_route_.targets;
}

// The queue gives each planned message back as a Forward, in this very turn.
void Shard::redrive_page(std::uint64_t number, Inspection& inspection,
                         std::vector<queue::Found>& page) {
  RedriveProgress& progress = inspection.progress;
  const RedriveRequest& request = inspection.redrive;
  OwnedQueue* owned = find_owned(inspection.queue);
  ensure(owned != nullptr, "a redrive of a queue that has gone");
  std::vector<Position> positions;
  std::uint64_t planned = progress.moved;
  bool is_full = inspection.is_stopped;
  for (const queue::Found& each : page) {
    if (is_full) break;
    ++progress.looked_at;
    if (inspection.filter.matches(*each.message)) {
      ++progress.matched;
      dlq::Republish letter;
      const auto plan = plan_redrive(*owned->record, request, *each.message, letter);
      if (plan) {
        positions.push_back(each.position);
        ++planned;
      } else {
        ++progress.kept;
        progress.reason = plan.error().text;
      }
    }
    is_full = progress.looked_at >= inspection.looked_at_max ||
              (request.count_max != 0 && planned >= request.count_max);
  }
  if (request.is_dry_run) {
    progress.moved = planned;
  } else if (!positions.empty()) {
    const Changing changing(changing_);
    progress.moved +=
        owned->machine.intervene(positions, queue::Intervention::redrive, number, now_);
  }
  if (is_full || inspection.from == 0) return end_redrive(number, inspection, std::nullopt);
  inspection.report(progress);
  const std::uint32_t rate = request.per_second_max;
  const auto page_time = rate == 0 ? 0 : positions.size() * 1000 / rate;
  // By a timer even at full speed: the forwards of this page come before the next one.
  inspection.resume_at = now_ + Millis{static_cast<std::int64_t>(page_time)};
}

void Shard::end_redrive(std::uint64_t number, Inspection& inspection,
                        std::optional<BrokerError> error) {
  inspection.progress.is_done = true;
  inspection.progress.error = std::move(error);
  ended_redrives_.push_back(number);
}

// A redrive is forgotten when its last forwards have been carried out, which need its request.
void Shard::forget_ended_redrives() {
  for (const std::uint64_t number : std::exchange(ended_redrives_, {})) {
    Inspection* const inspection = inspections_.find(number);
    ensure(inspection != nullptr, "a redrive ended twice");
    const auto report = std::move(inspection->report);
    const RedriveProgress progress = inspection->progress;
    inspections_.erase(number);
    report(progress);
  }
}

void Shard::redrive(const QueueRecord& source, queue::Forward& forward) {
  Inspection* const inspection = inspections_.find(forward.operation);
  ensure(inspection != nullptr, "a redriven message without its redrive");
  dlq::Republish letter;
  const auto targets = plan_redrive(source, inspection->redrive, *forward.message, letter);
  // Topology changes by mail, and none was opened since the plan was made, because nothing was in
  // flight that a forward would have had to wait for.
  ensure(targets.has_value(), "a redriven message that nobody gets");
  const std::vector<QueueAddress> to = *targets;
  ++totals_.redriven;
  transfer(to, letter.message, forward.token);
}

void Shard::stop_redrive(std::uint64_t number) {
  if (Inspection* const inspection = inspections_.find(number)) inspection->is_stopped = true;
}

void Shard::run_inspections() {
  for (const std::uint64_t number : inspections_.take_due(now_)) next_page(number);
}

void Shard::end_inspections(QueueId queue) {
  for (const std::uint64_t number : inspections_.of_queue(queue)) {
    Inspection& inspection = *inspections_.find(number);
    BrokerError gone{ErrorKind::not_found, "the queue was deleted meanwhile"};
    if (inspection.peeked) {
      const auto done = std::move(inspection.peeked);
      inspections_.erase(number);
      done(std::move(gone));
    } else if (inspection.intervened) {
      const auto done = std::move(inspection.intervened);
      inspections_.erase(number);
      done(std::move(gone));
    } else if (!inspection.progress.is_done) {
      end_redrive(number, inspection, std::move(gone));
    }
  }
}

// --- intervening
// ----------------------------------------------------------------------------------

void Shard::intervene(std::uint64_t number, Inspection&& inspection) {
  std::reverse(inspection.positions.begin(), inspection.positions.end());
  inspections_.add(number, std::move(inspection));
  intervene_further(number, *inspections_.find(number));
}

// A message that is only in the store cannot be dealt with before it was seen: the queue is asked
// to show it, among the ready ones first and then among those that wait.
void Shard::intervene_further(std::uint64_t number, Inspection& inspection) {
  constexpr queue::MessageState looked_for[] = {queue::MessageState::ready,
                                                queue::MessageState::delayed};
  OwnedQueue* owned = find_owned(inspection.queue);
  ensure(owned != nullptr, "an intervention in a queue that has gone");
  while (!inspection.positions.empty()) {
    const Position position = inspection.positions.back();
    const Changing changing(changing_);
    const bool is_done =
        owned->machine.intervene({&position, 1}, inspection.intervention, number, now_) != 0;
    if (!is_done && inspection.looks != std::size(looked_for)) {
      const queue::MessageState state = looked_for[inspection.looks++];
      return owned->machine.browse(
          {.operation = number, .state = state, .from = position, .count_max = 1, .bytes_max = 1},
          now_);
    }
    if (is_done) ++inspection.count;
    inspection.positions.pop_back();
    inspection.looks = 0;
  }
  const auto done = std::move(inspection.intervened);
  const std::uint64_t count = inspection.count;
  inspections_.erase(number);
  done(count);
}

std::uint64_t Shard::count(QueueId queue, queue::MessageState state) {
  OwnedQueue* owned = find_owned(queue);
  ensure(owned != nullptr, "counting a queue that has gone");
  const queue::Counts& counts = owned->machine.counts();
  if (state == queue::MessageState::ready) return counts.ready;
  return state == queue::MessageState::unacked ? counts.unacked : counts.delayed;
}

}  // namespace tern::broker
