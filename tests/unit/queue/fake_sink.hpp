// FakeSink: records a queue's effects, and plays a store that commits and answers reads only when
// the test says so.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "queue/place.hpp"
#include "queue/queue.hpp"

namespace tern::queue::test {

/// A moment of the tests' virtual time, in ms.
inline Time at_ms(std::int64_t ms) {
  return Time{Millis{ms}};
}

/// What else a message may be.
struct MessageOptions {
  std::uint8_t priority = 0;
  std::optional<std::uint32_t> ttl_ms{};
  Time received{};
};

inline MessageRef make_message(const std::string& body, bool persistent = false,
                               const MessageOptions& options = {}) {
  static const std::string names{"\0\1q", 3};
  static const std::string properties{"\0\0", 2};
  return MessageRef::gather({.names = names,
                             .properties = properties,
                             .body = body,
                             .persistent = persistent,
                             .priority = options.priority,
                             .has_ttl = options.ttl_ms.has_value(),
                             .ttl_ms = options.ttl_ms.value_or(0),
                             .received = options.received});
}

/// The streams of levels above 0 in tests; what is stored of them is kept by place.
constexpr std::uint32_t level_streams = 1000;
inline std::uint8_t level_of_stream(QueueId stream) {
  return raw(stream) > level_streams ? static_cast<std::uint8_t>(raw(stream) - level_streams) : 0;
}
inline Position place_of(QueueId stream, Position position) {
  if ((raw(stream) & delayed_stream_bit) != 0) return place_in_delayed(position);
  return place_in_level(level_of_stream(stream), position);
}

/// What make_message of a body of this size weighs.
inline std::uint64_t message_bytes(std::size_t body) {
  return sizeof(Message) + 3 + 2 + body;
}

inline ConsumerId consumer_id(std::uint32_t number, std::uint64_t session = 1) {
  return {.session = {.shard = ShardId{0}, .number = session}, .number = number};
}

class FakeSink : public Sink {
 public:
  struct Delivered {
    ConsumerId consumer;
    std::string body;
    Position position;
    bool redelivered;
    std::uint32_t delivery_count;
    bool auto_ack;
  };
  struct Got {
    std::uint64_t operation;
    bool empty;
    Delivered delivered;
    std::uint64_t ready;
  };
  struct Staged {
    Position position;  ///< place
    MessageRef message;
    bool spilled;
    bool withdrawn;
    Time due;
  };
  struct Stored {
    MessageRef message;
    bool spilled;
  };
  struct Read {
    Position from;
    Position to;
    std::uint64_t bytes_max;
    QueueId stream;
  };
  struct ReadDue {
    QueueId stream;
    DuePoint after;
    std::uint32_t count_max;
  };
  struct Forwarded {
    std::string body;
    LeaveReason reason;
    std::uint64_t sequence;
    std::uint64_t operation;
  };
  struct Asked {
    ConsumerId consumer;
    std::uint32_t count;
  };

  // What was seen, for tests to look at and clear.
  std::deque<Delivered> delivered;
  std::vector<Got> gots;
  std::vector<std::uint64_t> confirmed;  ///< sequences told by publish_settled
  std::vector<StoredRange> ranges;
  std::vector<Asked> asked;
  std::vector<Asked> returned;
  std::vector<ConsumerId> cancelled;
  std::vector<ConsumerId> timed_out;
  std::vector<SessionId> held;
  std::vector<SessionId> released;
  std::deque<Read> reads;     ///< not looked up yet
  std::set<QueueId> reading;  ///< streams with a read that is not answered yet
  std::deque<ReadDue> due_reads;
  std::vector<Forwarded> forwarded;
  std::vector<std::uint64_t> refused;  ///< sequences told by publish_settled
  std::optional<Time> wake;            ///< the earliest asked for; tests clear it when it has come
  int leases_ended = 0;
  int abandoned_count = 0;
  int marks_count = 0;
  int wakes = 0;
  // The store.
  std::vector<Staged> staged;  ///< index = stage - 1
  std::map<Position, Stored> stored;
  std::set<Position> settled_early;  ///< settled between hand-over and commit
  std::map<QueueId, std::set<DuePoint>> due_index;
  std::map<Position, Returned> returns;  ///< what note_return told of, by place
  std::uint64_t taken_stage = 0;         ///< unstage is too late up to here

  void deliver(const ConsumerId& consumer, Delivery&& delivery) override {
    delivered.push_back(note(consumer, delivery));
  }
  void got(const GetToken& token, Delivery&& delivery, std::uint64_t ready) override {
    const bool empty = !delivery.message;
    Got answer{token.operation, empty, {}, ready};
    if (!empty) answer.delivered = note({token.session, 0}, delivery);
    gots.push_back(answer);
  }
  void publish_settled(const PublisherToken& token, PublishOutcome outcome) override {
    (outcome == PublishOutcome::accepted ? confirmed : refused).push_back(token.sequence);
  }
  std::uint64_t stage(QueueId stream, Position position, const MessageRef& message,
                      const PublisherToken&, Time due) override {
    staged.push_back({place_of(stream, position), message, false, false, due});
    return staged.size();
  }
  std::uint64_t spill(QueueId stream, Position position, const MessageRef& message,
                      Time due) override {
    staged.push_back({place_of(stream, position), message, true, false, due});
    return staged.size();
  }
  bool unstage(std::uint64_t stage) override {
    REQUIRE(stage > committed_stage_);
    REQUIRE(stage <= staged.size());
    REQUIRE_FALSE(staged[stage - 1].withdrawn);
    if (stage <= taken_stage) return false;
    staged[stage - 1].withdrawn = true;
    staged[stage - 1].message.reset();
    return true;
  }
  // Checks that a range names exactly what the store has, and forgets it.
  void settle_stored(QueueId stream, const StoredRange& range) override {
    ranges.push_back(range);
    const Position first = place_of(stream, range.first);
    const Position last = place_of(stream, range.last);
    std::uint64_t count = 0;
    for (auto at = stored.lower_bound(first); at != stored.end() && at->first < last;) {
      if (at->second.spilled != range.spilled) {
        ++at;
        continue;
      }
      ++count;
      returns.erase(at->first);
      at = stored.erase(at);
    }
    for (std::size_t stage = committed_stage_; stage < staged.size(); ++stage) {
      const Staged& entry = staged[stage];
      if (entry.withdrawn || entry.spilled != range.spilled) continue;
      if (entry.position < first || entry.position >= last) continue;
      returns.erase(entry.position);
      if (settled_early.insert(entry.position).second) ++count;
    }
    REQUIRE(count == range.count);
  }
  void read(QueueId stream, Position from, Position to, std::uint64_t bytes_max) override {
    REQUIRE(reading.insert(stream).second);
    REQUIRE(from < to);
    reads.push_back({from, to, bytes_max, stream});
  }
  void note_return(QueueId stream, Position position, std::uint32_t delivery_count,
                   Time due) override {
    returns[place_of(stream, position)] = {position, delivery_count, due};
  }
  void read_due(QueueId stream, const DuePoint& after, std::uint32_t count_max) override {
    due_reads.push_back({stream, after, count_max});
  }
  void trim_due(QueueId stream, const DuePoint& last) override {
    auto& index = due_index[stream];
    index.erase(index.begin(), index.upper_bound(last));
  }
  void forward(QueueId, Forward&& forward) override {
    if (forward.stored.count != 0) settle_stored(forward.stream, forward.stored);
    forwarded.push_back({std::string(forward.message->body()), forward.reason,
                         forward.token.sequence, forward.operation});
  }
  void wake_at(QueueId, Time at) override {
    if (!wake || at < *wake) wake = at;
  }
  void lease_ended(QueueId) override { ++leases_ended; }
  void remember_key(QueueId, std::string_view, Time, bool) override {}
  void forget_key(QueueId, std::string_view) override {}
  void browsed(QueueId, std::uint64_t, std::vector<Found>&&, Position) override {}
  void consumer_timed_out(const ConsumerId& consumer, Millis) override {
    timed_out.push_back(consumer);
  }
  void consumer_cancelled(const ConsumerId& consumer) override { cancelled.push_back(consumer); }
  void permits_wanted(const ConsumerId& consumer, std::uint32_t count) override {
    asked.push_back({consumer, count});
  }
  void permits_returned(const ConsumerId& consumer, std::uint32_t count) override {
    returned.push_back({consumer, count});
  }
  void hold_publisher(QueueId, const SessionId& publisher) override { held.push_back(publisher); }
  void release_publisher(QueueId, const SessionId& publisher) override {
    released.push_back(publisher);
  }
  void wake_on_commit(QueueId) override { ++wakes; }
  void abandoned(QueueId) override { ++abandoned_count; }
  void marks_changed(QueueId) override { ++marks_count; }

  /// Commits everything up to `stage`; the queue is not told.
  void commit_to(std::uint64_t stage) {
    for (; committed_stage_ < stage; ++committed_stage_) {
      Staged& entry = staged[committed_stage_];
      if (entry.withdrawn) continue;
      if (settled_early.erase(entry.position) == 0)
        stored[entry.position] = {entry.message, entry.spilled};
      if (entry.due != Time{}) {
        const auto level = level_of_place(entry.position);
        QueueId stream = level == 0 ? main_stream : QueueId{level_streams + level};
        if (is_delayed_place(entry.position)) stream = delayed_stream(main_stream);
        due_index[stream].insert({entry.due, position_of_place(entry.position)});
      }
      entry.message.reset();
    }
    taken_stage = std::max(taken_stage, stage);
  }
  void commit_all() { commit_to(staged.size()); }

  /// Looks up what a read asked for, as of now; the oldest, or the one at `index`.
  std::pair<Read, std::vector<Loaded>> look_up(Position& next, std::size_t index = 0) {
    const Read read = reads[index];
    reads.erase(reads.begin() + static_cast<std::ptrdiff_t>(index));
    std::vector<Loaded> messages;
    std::uint64_t bytes = 0;
    next = read.to;
    const Position last = place_of(read.stream, read.to);
    for (auto at = stored.lower_bound(place_of(read.stream, read.from));
         at != stored.end() && at->first < last; ++at) {
      if (!messages.empty() && bytes + at->second.message->bytes() > read.bytes_max) {
        next = position_of_place(at->first);
        break;
      }
      bytes += at->second.message->bytes();
      messages.push_back({position_of_place(at->first), at->second.message, 0});
    }
    return {read, std::move(messages)};
  }
  /// Answers the oldest read.
  void answer_read(Queue& queue, Time now = {}) {
    Position next = 0;
    auto [read, messages] = look_up(next);
    reading.erase(read.stream);
    queue.loaded(read.stream, read.from, next, std::move(messages), now);
  }
  /// Answers the oldest read of the index of due times.
  void answer_due_read(Queue& queue, Time now = {}) {
    const ReadDue read = due_reads.front();
    due_reads.pop_front();
    const auto& index = due_index[read.stream];
    std::vector<DuePoint> entries;
    auto at = index.upper_bound(read.after);
    for (; at != index.end() && entries.size() != read.count_max; ++at) entries.push_back(*at);
    queue.due_loaded(read.stream, std::move(entries), at == index.end(), now);
  }
  /// What the store would know of a stream after a restart. Forgets what was spilled, and what was
  /// not committed.
  Recovered recover(QueueId stream, Position low_water, Position delivered) {
    Recovered recovered{.low_water_mark = low_water, .delivered = delivered};
    for (const auto& [place, entry] : stored) {
      if (place != place_of(stream, position_of_place(place))) continue;
      recovered.next = position_of_place(place) + 1;
      ++recovered.count;
      recovered.bytes += entry.message->bytes();
      recovered.body_bytes += entry.message->body().size();
      if (returns.count(place) != 0) recovered.returned.push_back(returns[place]);
    }
    recovered.has_due = !due_index[stream].empty();
    return recovered;
  }
  /// The store is opened again: what was spilled or not committed is gone.
  void forget_unstored() {
    for (auto& [stream, index] : due_index)
      std::erase_if(index, [&, id = stream](const DuePoint& point) {
        const auto found = stored.find(place_of(id, point.position));
        return found != stored.end() && found->second.spilled;
      });
    std::erase_if(stored, [](const auto& entry) { return entry.second.spilled; });
    std::erase_if(returns, [this](const auto& entry) { return stored.count(entry.first) == 0; });
    staged.clear();
    settled_early.clear();
    committed_stage_ = taken_stage = 0;
    reads.clear();
    due_reads.clear();
    reading.clear();
    wake.reset();
  }

  QueueId main_stream{7};

 private:
  static Delivered note(const ConsumerId& consumer, const Delivery& delivery) {
    return {consumer,
            std::string(delivery.message->body()),
            delivery.position,
            delivery.redelivered,
            delivery.delivery_count,
            delivery.auto_ack};
  }
};

}  // namespace tern::queue::test
