// The model's half that acts.
#include "unit/queue/model.hpp"

#include <algorithm>

namespace tern::queue::test {

Model::Model(std::uint64_t seed) : seed_(seed), engine_(seed) {
  settings_ = {.id = QueueId{7},
               .durable = random(4) != 0,
               .window_head_bytes = 1024 + random(4096),
               .window_tail_bytes = 1024 + random(4096)};
  queue_ = std::make_unique<Queue>(settings_, *this);
  entries_.resize(1);
}

void Model::step() {
  ++steps_;
  // Phases: some with much publishing, so that the middle grows, some with much taking.
  const bool filling = steps_ / 200 % 2 == 0;
  const auto dice = random(1000);
  if (dice < (filling ? 600U : 150U))
    publish();
  else if (dice < 680)
    settle();
  else if (dice < 720)
    drained();
  else if (dice < 760)
    permit();
  else if (dice < 780)
    commit();
  else if (dice < 800)
    tick();
  else if (dice < 840)
    look_up_read();
  else if (dice < 900)
    answer_read();
  else if (dice < 930)
    get();
  else if (dice < 950)
    consume();
  else if (dice < 965)
    cancel();
  else if (dice < 975)
    regate();
  else if (dice < 990)
    take_marks();
  else if (dice < 995)
    restart();
  else if (random(4) == 0)
    purge();
  check_all();
}

void Model::publish() {
  const std::uint64_t session = 1 + random(3);
  if (held_.count(session) != 0) return;
  const bool persistent = random(2) == 0;
  const Position position = entries_.size();
  std::string body = std::to_string(position) + "/" + std::to_string(engine_() % 1000);
  body.resize(body.size() + (random(100) == 0 ? random(6000) : random(300)), '.');
  Entry entry{.body = body, .persistent = persistent, .bytes = message_bytes(body.size())};
  largest_ = std::max(largest_, entry.bytes);
  ready_.insert(position);
  ++expected_.ready;
  expected_.ready_bytes += entry.bytes;
  entries_.push_back(std::move(entry));
  queue_->publish(make_message(body, persistent), {.session = {ShardId{0}, session}}, now_);
}

// The queue asks for ticks only while it holds publishers for consumers that may be fast.
void Model::tick() {
  if (tick_at_ == Time::max()) return;
  now_ = std::exchange(tick_at_, Time::max());
  queue_->tick(now_);
}

void Model::consume() {
  if (takers_.size() >= 6) return;
  Taker taker;
  taker.spec.id = consumer_id(next_number_++);
  taker.spec.auto_ack = random(4) == 0;
  taker.spec.exclusive = random(10) == 0;
  taker.spec.priority = static_cast<std::int32_t>(random(3)) - 1;
  taker.spec.prefetch = static_cast<std::uint32_t>(random(2) * (1 + random(20)));
  taker.spec.gated = random(3) == 0;
  taker.spec.window_bytes = 300 + random(5000);
  taker.window = static_cast<std::int64_t>(taker.spec.window_bytes);
  bool shut_out = taker.spec.exclusive && !takers_.empty();
  for (const auto& [number, other] : takers_) shut_out = shut_out || other.spec.exclusive;
  if (!shut_out) {
    takers_[taker.spec.id.number] = taker;
    read_failed_ = false;
  }
  const ConsumeError error = queue_->consume(taker.spec, now_);
  check((error == ConsumeError::in_exclusive_use) == shut_out, "exclusive use");
}

Model::Taker* Model::any_taker() {
  if (takers_.empty()) return nullptr;
  return &std::next(takers_.begin(), static_cast<std::ptrdiff_t>(random(takers_.size())))->second;
}

void Model::cancel() {
  Taker* const taker = any_taker();
  if (taker == nullptr) return;
  const ConsumerId id = taker->spec.id;
  // Permits come back while the consumer is still known; it takes nothing more.
  taker->window = 0;
  queue_->cancel(id, now_);
  check(taker->permits == 0, "a cancelled consumer kept permits");
  takers_.erase(id.number);
  if (random(2) == 0) settle_all_of(id.number, Settlement::requeued);
}

void Model::get() {
  const std::uint64_t operation = next_operation_++;
  const bool auto_ack = random(2) == 0;
  gets_waiting_.push_back(operation);
  if (auto_ack) gets_auto_.insert(operation);
  read_failed_ = false;
  queue_->get({.session = {ShardId{0}, 1}, .operation = operation}, auto_ack, now_);
}

void Model::settle() {
  std::vector<ConsumerNumber> holders;
  for (const auto& [holder, positions] : unacked_)
    if (!positions.empty()) holders.push_back(holder);
  if (holders.empty()) return;
  const ConsumerNumber holder = holders[random(holders.size())];
  const auto& positions = unacked_[holder];
  const auto settlement =
      std::array{Settlement::acked, Settlement::requeued, Settlement::dropped}[random(3)];
  if (random(30) == 0) return settle_all_of(holder, settlement);
  std::vector<Position> chosen;
  const auto start =
      std::next(positions.begin(), static_cast<std::ptrdiff_t>(random(positions.size())));
  const auto count = 1 + random(8);
  for (auto at = start; at != positions.end() && chosen.size() != count; ++at)
    chosen.push_back(*at);
  if (random(3) == 0) std::shuffle(chosen.begin(), chosen.end(), engine_);
  // Such as are not checked out by this holder are ignored.
  if (random(4) == 0) chosen.insert(chosen.begin(), 1 + random(entries_.size() + 3));
  settle_now(holder, chosen, settlement);
}

void Model::settle_all_of(ConsumerNumber holder, Settlement settlement) {
  const auto& positions = unacked_[holder];
  settle_now(holder, {positions.begin(), positions.end()}, settlement);
}

void Model::settle_now(ConsumerNumber holder, std::vector<Position> positions,
                       Settlement settlement) {
  for (const Position position : positions) {
    if (unacked_[holder].erase(position) == 0) continue;
    Entry& entry = entries_[position];
    --expected_.unacked;
    expected_.unacked_bytes -= entry.bytes;
    if (const auto taker = takers_.find(holder); taker != takers_.end()) --taker->second.unacked;
    entry.state = State::gone;
    if (settlement != Settlement::requeued) continue;
    entry.state = State::ready;
    entry.redelivered = true;
    ++entry.delivery_count;
    ready_.insert(position);
    ++expected_.ready;
    expected_.ready_bytes += entry.bytes;
  }
  queue_->settle(consumer_id(holder), positions, settlement, now_);
}

void Model::drained() {
  Taker* const taker = any_taker();
  if (taker == nullptr || taker->undrained == 0) return;
  const std::uint64_t bytes = random(2) == 0 ? taker->undrained : 1 + random(taker->undrained);
  taker->undrained -= bytes;
  taker->window += static_cast<std::int64_t>(bytes);
  queue_->drained(taker->spec.id, bytes, now_);
}

void Model::permit() {
  Taker* const taker = any_taker();
  if (taker == nullptr || !taker->asked) return;
  const auto count = static_cast<std::uint32_t>(random(taker->asked_count + 1));
  if (count != 0) taker->asked = false;
  taker->permits += count;
  queue_->permit(taker->spec.id, count, now_);
}

void Model::regate() {
  Taker* const taker = any_taker();
  if (taker == nullptr || taker->asked || taker->spec.auto_ack) return;
  taker->spec.gated = !taker->spec.gated;
  queue_->set_gated(taker->spec.id, taker->spec.gated, now_);
}

void Model::purge() {
  const auto count = expected_.ready;
  for (const Position position : ready_) entries_[position].state = State::gone;
  ready_.clear();
  expected_.ready = 0;
  expected_.ready_bytes = 0;
  check(queue_->purge(now_) == count, "purge counted wrong");
}

void Model::commit() {
  if (random(3) == 0) taken_stage = committed_stage_ + random(staged.size() - committed_stage_ + 1);
  commit_to(committed_stage_ + random(staged.size() - committed_stage_ + 1));
  if (!wake_due_) return;
  wake_due_ = false;
  read_failed_ = false;
  queue_->commit_advanced(now_);
}

// The answer is fixed here and arrives later, when it may be stale. Some bring less than they
// could, and some nothing at all.
void Model::look_up_read() {
  if (reads.empty()) return;
  Position next = 0;
  auto [read, messages] = look_up(next);
  if (random(4) == 0) {
    const auto keep = random(messages.size() + 1);
    if (keep < messages.size()) next = messages[keep].position;
    messages.resize(keep);
  }
  answers_.push_back({read, next, std::move(messages)});
}

void Model::answer_read() {
  if (answers_.empty()) return;
  Answer answer = std::move(answers_.back());
  answers_.pop_back();
  reading.erase(answer.read.stream);
  if (answer.messages.empty() && answer.next == answer.read.from) read_failed_ = true;
  queue_->loaded(settings_.id, answer.read.from, answer.next, std::move(answer.messages), now_);
}

void Model::take_marks() {
  if (!marks_due_) return;
  marks_due_ = false;
  std::vector<StreamMark> marks;
  queue_->take_marks(marks);
  check(marks.size() == 1, "marks of one stream");
  check(marks[0].low_water >= low_water_recorded_, "the low-water mark went back");
  check(marks[0].delivered >= delivered_recorded_, "the delivered mark went back");
  check(marks[0].low_water <= lowest_alive(), "low-water mark above a live message");
  low_water_recorded_ = marks[0].low_water;
  delivered_recorded_ = marks[0].delivered;
}

// What was committed and not settled is there again; the rest, and what was spilled, is not.
void Model::restart() {
  if (!settings_.durable || random(3) != 0) return;
  queue_.reset();
  staged.clear();
  settled_early.clear();
  committed_stage_ = taken_stage = 0;
  reads.clear();
  answers_.clear();
  reading.clear();
  read_failed_ = wake_due_ = marks_due_ = false;
  tick_at_ = Time::max();
  takers_.clear();
  unacked_.clear();
  ready_.clear();
  held_.clear();
  gets_waiting_.clear();
  expected_ = {};
  std::erase_if(stored, [](const auto& entry) { return entry.second.spilled; });
  Recovered recovered{.low_water_mark = low_water_recorded_, .delivered = delivered_recorded_};
  recovered.next = stored.empty() ? 1 : stored.rbegin()->first + 1;
  for (Entry& entry : entries_) entry.state = State::gone;
  for (const auto& [position, message] : stored) {
    Entry& entry = entries_[position];
    entry.state = State::ready;
    entry.redelivered = position < delivered_recorded_;
    entry.delivery_count = 0;
    entry.handed_out = false;
    ready_.insert(position);
    ++expected_.ready;
    expected_.ready_bytes += entry.bytes;
  }
  recovered.count = expected_.ready;
  recovered.bytes = expected_.ready_bytes;
  queue_ = std::make_unique<Queue>(settings_, *this);
  queue_->restore(settings_.id, recovered);
  const Position next = std::max({recovered.next, recovered.low_water_mark, recovered.delivered});
  entries_.resize(next);
}

void Model::drain() {
  for (auto& [number, taker] : takers_) taker.window = 0;
  while (!takers_.empty()) {
    const ConsumerId id = takers_.begin()->second.spec.id;
    queue_->cancel(id, now_);
    takers_.erase(id.number);
  }
  for (auto& [holder, positions] : unacked_) settle_all_of(holder, Settlement::requeued);
  Taker taker;
  taker.spec = {.id = consumer_id(next_number_++), .auto_ack = true, .window_bytes = 1ULL << 40};
  taker.window = 1LL << 40;
  takers_[taker.spec.id.number] = taker;
  check(queue_->consume(taker.spec, now_) == ConsumeError::none, "the last consumer");
  for (int round = 0; round != 100'000 && (!reading.empty() || wake_due_ || !ready_.empty());
       ++round) {
    look_up_read();
    answer_read();
    commit_to(staged.size());
    wake_due_ = read_failed_ = false;
    queue_->commit_advanced(now_);
    check_all();
  }
  // Gets that waited have been answered meanwhile.
  for (auto& [holder, positions] : unacked_) settle_all_of(holder, Settlement::acked);
  commit_to(staged.size());
  check(ready_.empty(), "messages left");
  check(gets_waiting_.empty(), "gets left");
  check(held_.empty(), "publishers held for ever");
  check(stored.empty(), "the store keeps settled messages");
  take_marks();
  check(low_water_recorded_ == entries_.size() || low_water_recorded_ == 1,
        "low-water mark of an empty queue");
  check(queue_->counts().resident_bytes == 0, "memory of an empty queue");
}

}  // namespace tern::queue::test
