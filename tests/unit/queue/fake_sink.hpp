// FakeSink: records a queue's effects, and plays a store that commits and answers reads only when
// the test says so.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "queue/queue.hpp"

namespace tern::queue::test {

inline MessageRef make_message(const std::string& body, bool persistent = false) {
  static const std::string names{"\0\1q", 3};
  static const std::string properties{"\0\0", 2};
  return MessageRef::gather(
      {.names = names, .properties = properties, .body = body, .persistent = persistent});
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
    Position position;
    MessageRef message;
    bool spilled;
    bool withdrawn;
  };
  struct Stored {
    MessageRef message;
    bool spilled;
  };
  struct Read {
    Position from;
    Position to;
    std::uint64_t bytes_max;
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
  std::vector<SessionId> held;
  std::vector<SessionId> released;
  std::deque<Read> reads;  ///< not looked up yet
  bool reading = false;    ///< a read is not answered yet
  int abandoned_count = 0;
  int marks_count = 0;
  int wakes = 0;
  // The store.
  std::vector<Staged> staged;  ///< index = stage - 1
  std::map<Position, Stored> stored;
  std::set<Position> settled_early;  ///< settled between hand-over and commit
  std::uint64_t taken_stage = 0;     ///< unstage is too late up to here

  void deliver(const ConsumerId& consumer, Delivery&& delivery) override {
    delivered.push_back(note(consumer, delivery));
  }
  void got(const GetToken& token, Delivery&& delivery, std::uint64_t ready) override {
    const bool empty = !delivery.message;
    Got answer{token.operation, empty, {}, ready};
    if (!empty) answer.delivered = note({token.session, 0}, delivery);
    gots.push_back(answer);
  }
  void publish_settled(const PublisherToken& token, PublishOutcome) override {
    confirmed.push_back(token.sequence);
  }
  std::uint64_t stage(QueueId, Position position, const MessageRef& message, const PublisherToken&,
                      Time) override {
    staged.push_back({position, message, false, false});
    return staged.size();
  }
  std::uint64_t spill(QueueId, Position position, const MessageRef& message, Time) override {
    staged.push_back({position, message, true, false});
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
  void settle_stored(QueueId, const StoredRange& range) override {
    ranges.push_back(range);
    std::uint64_t count = 0;
    for (auto at = stored.lower_bound(range.first); at != stored.end() && at->first < range.last;) {
      if (at->second.spilled != range.spilled) {
        ++at;
        continue;
      }
      ++count;
      at = stored.erase(at);
    }
    for (std::size_t stage = committed_stage_; stage < staged.size(); ++stage) {
      const Staged& entry = staged[stage];
      if (entry.withdrawn || entry.spilled != range.spilled) continue;
      if (entry.position < range.first || entry.position >= range.last) continue;
      if (settled_early.insert(entry.position).second) ++count;
    }
    REQUIRE(count == range.count);
  }
  void read(QueueId, Position from, Position to, std::uint64_t bytes_max) override {
    REQUIRE_FALSE(reading);
    REQUIRE(from < to);
    reading = true;
    reads.push_back({from, to, bytes_max});
  }
  void note_return(QueueId, Position, std::uint32_t, Time) override {}
  void read_due(QueueId, const DuePoint&, std::uint32_t) override {}
  void trim_due(QueueId, const DuePoint&) override {}
  void forward(QueueId, Forward&&) override {}
  void wake_at(QueueId, Time) override {}
  void lease_ended(QueueId) override {}
  void remember_key(QueueId, std::string_view, Time) override {}
  void forget_key(QueueId, std::string_view) override {}
  void browsed(QueueId, std::uint64_t, std::vector<Found>&&, Position) override {}
  void consumer_timed_out(const ConsumerId&, Millis) override {}
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
      entry.message.reset();
    }
    taken_stage = std::max(taken_stage, stage);
  }
  void commit_all() { commit_to(staged.size()); }

  /// Looks up what the oldest read asked for, as of now.
  std::pair<Read, std::vector<Loaded>> look_up(Position& next) {
    const Read read = reads.front();
    reads.pop_front();
    std::vector<Loaded> messages;
    std::uint64_t bytes = 0;
    next = read.to;
    for (auto at = stored.lower_bound(read.from); at != stored.end() && at->first < read.to; ++at) {
      if (!messages.empty() && bytes + at->second.message->bytes() > read.bytes_max) {
        next = at->first;
        break;
      }
      bytes += at->second.message->bytes();
      messages.push_back({at->first, at->second.message, 0});
    }
    return {read, std::move(messages)};
  }
  /// Answers the oldest read.
  void answer_read(Queue& queue) {
    Position next = 0;
    auto [read, messages] = look_up(next);
    reading = false;
    queue.loaded(queue.id(), read.from, next, std::move(messages), Time{});
  }

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
