// The rules model's half that acts.
#include "unit/queue/rules_model.hpp"

#include <algorithm>

#include "queue/retry.hpp"

namespace tern::queue::test {

RulesModel::RulesModel(std::uint64_t seed) : seed_(seed), engine_(seed) {
  settings_ = {.id = main_stream,
               .durable = random(4) != 0,
               .priority_max = static_cast<std::uint8_t>(random(2) * (1 + random(4))),
               .levels_begin = QueueId{level_streams + 1},
               .seed = seed,
               .window_head_bytes = 1024 + random(4096),
               .window_tail_bytes = 1024 + random(4096)};
  rules_.has_dead_letter_exchange = random(4) != 0;
  choose_rules();
  make_queue();
}

RulesModel::~RulesModel() = default;

void RulesModel::make_queue() {
  queue_ = std::make_unique<Queue>(settings_, *this);
  for (const auto& [stream, mark] : marks_)
    queue_->restore(stream, recover(stream, mark.low_water, mark.delivered));
  queue_->configure(rules_, now_);
  before_ = queue_->counts();
}

// Without a dead-letter exchange nothing tells which messages were dropped: then there are none of
// the rules that drop but the times, which the model knows itself.
void RulesModel::choose_rules() {
  const bool seen = rules_.has_dead_letter_exchange;
  rules_.message_ttl.reset();
  rules_.length_max.reset();
  rules_.length_bytes_max.reset();
  rules_.delivery_limit.reset();
  if (random(3) == 0) rules_.message_ttl = Millis{random(8) == 0 ? 0 : 20 + random(300)};
  if (seen && random(3) == 0) rules_.length_max = random(30);
  if (seen && random(4) == 0) rules_.length_bytes_max = random(6000);
  rules_.overflow = static_cast<Overflow>(random(2) == 0 ? 0 : random(3));
  if (random(2) == 0) rules_.delivery_limit = random(4);
  rules_.retry.type = static_cast<Retry::Type>(random(2) * random(4));
  rules_.retry.min = Millis{random(40)};
  rules_.retry.max = Millis{random(2) * 100};
  rules_.retry.multiplier = static_cast<std::uint32_t>(random(3));
  rules_.retry.jitter_percent = static_cast<std::uint32_t>(random(2) * random(101));
}

void RulesModel::step() {
  ++steps_;
  published_ = false;
  const bool filling = steps_ / 150 % 2 == 0;
  const auto dice = dice_ = random(1000);
  if (dice < (filling ? 500U : 150U))
    publish();
  else if (dice < 680)
    settle();
  else if (dice < 760)
    commit();
  else if (dice < 840)
    answer_one();
  else if (dice < 880)
    let_time_pass();
  else if (dice < 920)
    tick();
  else if (dice < 940)
    get();
  else if (dice < 955)
    consume();
  else if (dice < 965)
    cancel();
  else if (dice < 975)
    take_marks();
  else if (dice < 980)
    restart();
  else if (dice < 984)
    purge();
  else if (dice < 990) {
    // What expired by the old rules must be known before there are new ones.
    settle_down();
    choose_rules();
    queue_->configure(rules_, now_);
  } else
    settle_down();
  check_always();
}

void RulesModel::publish() {
  const Id id = next_id_++;
  Entry entry;
  entry.persistent = random(2) == 0;
  const auto priority = static_cast<std::uint8_t>(random(7));
  entry.level = std::min(priority, settings_.priority_max);
  entry.received = now_;
  if (random(4) == 0) entry.ttl_ms = static_cast<std::uint32_t>(random(8) * random(60));
  std::string body = std::to_string(id) + "/";
  body.resize(body.size() + (random(60) == 0 ? random(3000) : random(300)), '.');
  entry.body_bytes = body.size();
  entry.bytes = message_bytes(body.size());
  MessageRef message =
      make_message(body, entry.persistent,
                   {.priority = priority, .ttl_ms = entry.ttl_ms, .received = entry.received});
  entries_.emplace(id, entry);
  publishing_ = id;
  queue_->publish(std::move(message), {.session = {ShardId{0}, 1}, .sequence = id}, now_);
  publishing_ = 0;
  published_ = true;
}

void RulesModel::consume() {
  if (takers_.size() >= 3) return;
  Taker taker;
  taker.spec.id = consumer_id(next_number_++);
  taker.spec.auto_ack = random(6) == 0;
  taker.spec.prefetch = 1 + static_cast<std::uint32_t>(random(30));
  taker.spec.window_bytes = 1ULL << 40;
  takers_[taker.spec.id.number] = taker;
  check(queue_->consume(taker.spec, now_) == ConsumeError::none, "could not consume");
}

void RulesModel::cancel() {
  if (takers_.empty()) return;
  const auto taker =
      std::next(takers_.begin(), static_cast<std::ptrdiff_t>(random(takers_.size())));
  const ConsumerNumber number = taker->first;
  takers_.erase(taker);
  queue_->cancel(consumer_id(number), now_);
  std::vector<Id> ids;
  for (const auto& [id, entry] : entries_)
    if (entry.state == State::unacked && entry.holder == number) ids.push_back(id);
  settle_now(number, ids, Settlement::abandoned);
}

void RulesModel::get() {
  ++gets_waiting_;
  queue_->get({.session = {ShardId{0}, 1}, .operation = random(2)}, false, now_);
}

void RulesModel::settle() {
  std::vector<Id> ids;
  ConsumerNumber holder = 0;
  const bool backwards = random(2) == 0;
  const auto most = 1 + random(6);
  const auto look_at = [&](Id id, const Entry& entry) {
    if (entry.state != State::unacked || ids.size() == most) return;
    if (ids.empty()) holder = entry.holder;
    if (entry.holder == holder && random(3) != 0) ids.push_back(id);
  };
  if (backwards)
    for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) look_at(at->first, at->second);
  else
    for (const auto& [id, entry] : entries_) look_at(id, entry);
  if (ids.empty()) return;
  settle_now(
      holder, ids,
      std::array{Settlement::acked, Settlement::acked, Settlement::requeued, Settlement::abandoned,
                 Settlement::dropped, Settlement::undelivered}[random(6)]);
}

void RulesModel::settle_now(ConsumerNumber holder, std::vector<Id> ids, Settlement settlement) {
  std::vector<Position> places;
  for (const Id id : ids) {
    Entry& entry = entries_.at(id);
    places.push_back(entry.place);
    if (const auto taker = takers_.find(holder); taker != takers_.end()) --taker->second.unacked;
    entry.state = State::gone;
    if (settlement == Settlement::dropped) {
      entry.state = State::leaving;
      entry.reason = LeaveReason::rejected;
    } else if (settlement != Settlement::acked) {
      give_back(id, settlement);
    }
    if (entry.state == State::leaving && !rules_.has_dead_letter_exchange)
      entry.state = State::gone;
  }
  queue_->settle(consumer_id(holder), places, settlement, now_);
}

void RulesModel::give_back(Id id, Settlement settlement) {
  Entry& entry = entries_.at(id);
  entry.state = State::ready;
  entry.overtaken = false;
  entry.redelivered = true;
  if (settlement == Settlement::undelivered) return;
  ++entry.delivery_count;
  if (rules_.delivery_limit && entry.delivery_count > *rules_.delivery_limit) {
    entry.state = State::leaving;
    entry.reason = LeaveReason::delivery_limit;
    return;
  }
  if (!is_retried_later(rules_.retry, settlement)) return;
  const Millis delay = retry_delay(rules_.retry, entry.delivery_count,
                                   retry_random(settings_.seed, entry.place, entry.delivery_count));
  if (delay.count() == 0) return;
  entry.state = State::delayed;
  entry.due = now_ + delay;
}

void RulesModel::let_time_pass() {
  now_ += Millis{random(4) == 0 ? random(200) : random(15)};
}

void RulesModel::tick() {
  if (!wake || *wake > now_) {
    if (random(4) != 0) return;
  } else {
    wake.reset();
  }
  queue_->tick(now_);
}

void RulesModel::commit() {
  if (random(3) == 0) taken_stage = committed_stage_ + random(staged.size() - committed_stage_ + 1);
  commit_to(committed_stage_ + random(staged.size() - committed_stage_ + 1));
  if (!wake_due_) return;
  wake_due_ = false;
  queue_->commit_advanced(now_);
}

void RulesModel::answer_one() {
  if (!due_reads.empty() && random(2) == 0) return answer_due_read(*queue_, now_);
  // What is looked up arrives later, when it may be stale.
  if (!reads.empty() && random(2) == 0) {
    Position next = 0;
    auto [read, messages] = look_up(next, random(reads.size()));
    if (messages.size() > 1 && random(4) == 0) {
      const auto keep = 1 + random(messages.size() - 1);
      next = messages[keep].position;
      messages.resize(keep);
    }
    answers_.push_back({read, next, std::move(messages)});
  }
  if (!answers_.empty() && random(2) == 0) arrive();
}

void RulesModel::arrive() {
  Answer answer = std::move(answers_.front());
  answers_.pop_front();
  reading.erase(answer.read.stream);
  queue_->loaded(answer.read.stream, answer.read.from, answer.next, std::move(answer.messages),
                 now_);
}

void RulesModel::purge() {
  if (random(3) == 0) settle_down();
  queue_->tick(now_);
  // One that is due and could not become ready beside doomed ones counts as waiting still.
  if (queue_->counts().delayed != 0) settle_down();
  const auto count = queue_->counts().ready;
  for (auto& [id, entry] : entries_) {
    if (entry.state == State::delayed && entry.due <= now_) entry.state = State::ready;
    if (entry.state == State::ready) entry.state = State::purged;
  }
  check(queue_->purge(now_) == count, "purge counted wrong");
}

void RulesModel::take_marks() {
  std::vector<StreamMark> taken;
  queue_->take_marks(taken);
  for (const StreamMark& mark : taken) marks_[mark.stream] = mark;
}

// What is stored is there again, as far as the store was told how far it had come.
void RulesModel::restart() {
  if (!settings_.durable || random(2) != 0) return;
  queue_.reset();
  forget_unstored();
  takers_.clear();
  answers_.clear();
  gets_waiting_ = 0;
  wake_due_ = bytes_unknown_ = false;
  for (auto& [id, entry] : entries_) entry.state = State::gone;
  for (const auto& [place, message] : stored) {
    Entry& entry = entries_.at(std::stoull(std::string(message.message->body())));
    const QueueId stream = entry.level == 0 ? main_stream : QueueId{level_streams + entry.level};
    StreamMark& mark = marks_.try_emplace(stream, StreamMark{stream, 1, 1}).first->second;
    const auto back = returns.find(place);
    entry.state = State::ready;
    entry.overtaken = false;
    entry.place = place;
    entry.redelivered = position_of_place(place) < mark.delivered || back != returns.end();
    entry.delivery_count = back == returns.end() ? 0 : back->second.delivery_count;
    if (back == returns.end() || back->second.due == Time{}) continue;
    entry.state = State::delayed;
    entry.due = back->second.due;
    bytes_unknown_ = true;
  }
  std::erase_if(entries_, [](const auto& entry) { return entry.second.state == State::gone; });
  expired_ = 0;
  make_queue();
}

void RulesModel::settle_down() {
  for (int round = 0; round != 100'000; ++round) {
    // A message that waits beside doomed ones is looked at again a little later.
    if (wake && *wake > now_ && *wake <= now_ + Millis{10}) now_ = *wake;
    const bool is_due = wake && *wake <= now_;
    if (reading.empty() && due_reads.empty() && !is_due && !wake_due_) {
      check_settled();
      return;
    }
    commit_all();
    if (wake_due_) {
      wake_due_ = false;
      queue_->commit_advanced(now_);
    }
    if (is_due) {
      wake.reset();
      queue_->tick(now_);
    }
    while (!answers_.empty()) arrive();
    if (!reads.empty()) answer_read(*queue_, now_);
    if (!due_reads.empty()) answer_due_read(*queue_, now_);
  }
  check(false, "never settles down");
}

}  // namespace tern::queue::test
