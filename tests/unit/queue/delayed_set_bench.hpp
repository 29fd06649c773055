// A set of delayed messages on a store that commits and answers when told to.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "message/properties.hpp"
#include "queue/delayed_set.hpp"
#include "queue/place.hpp"
#include "unit/queue/null_sink.hpp"
#include "unit/queue/times.hpp"

namespace tern::queue::test {

inline MessageRef make(const std::string& body, bool persistent) {
  return MessageRef::gather({.names = std::string_view("\0\1q", 3),
                             .properties = no_properties,
                             .body = body,
                             .persistent = persistent});
}

class DelayStore : public NullSink {
 public:
  struct Staged {
    Position position;
    MessageRef message;
    Time due;
    bool spilled;
    bool gone = false;
  };
  struct Kept {
    MessageRef message;
    bool spilled;
  };

  std::uint64_t stage(QueueId stream, Position position, const MessageRef& message,
                      const PublisherToken&, Time due) override {
    REQUIRE(stream == delayed_stream(QueueId{5}));
    staged.push_back({position, message, due, false});
    return staged.size();
  }
  std::uint64_t spill(QueueId, Position position, const MessageRef& message, Time due) override {
    staged.push_back({position, message, due, true});
    return staged.size();
  }
  bool unstage(std::uint64_t stage) override {
    REQUIRE(stage > committed_stage_);
    staged[stage - 1].gone = true;
    ++withdrawn;
    return true;
  }
  void settle_stored(QueueId, const StoredRange& range) override {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    for (Position position = range.first; position != range.last; ++position) {
      const auto found = kept.find(position);
      if (found != kept.end() && found->second.spilled == range.spilled) {
        ++count;
        bytes += found->second.message->bytes();
        kept.erase(found);
        continue;
      }
      for (std::size_t stage = committed_stage_; stage != staged.size(); ++stage) {
        Staged& entry = staged[stage];
        if (entry.position != position || entry.gone || entry.spilled != range.spilled) continue;
        entry.gone = true;
        ++count;
        bytes += entry.message->bytes();
      }
    }
    REQUIRE(count == range.count);
    REQUIRE(bytes == range.bytes);
  }
  void read(QueueId, Position from, Position to, std::uint64_t) override {
    REQUIRE_FALSE(reading);
    reading = Range{from, to};
    ++reads;
  }
  void read_due(QueueId, const DuePoint& after, std::uint32_t count_max) override {
    REQUIRE_FALSE(asked);
    asked = true;
    entries.clear();
    auto found = index.upper_bound(after);
    for (; found != index.end() && entries.size() != count_max; ++found) entries.push_back(*found);
    is_last = found == index.end();
  }
  void trim_due(QueueId, const DuePoint& last) override {
    index.erase(index.begin(), index.upper_bound(last));
  }
  void publish_settled(const PublisherToken&, PublishOutcome) override { ++told; }
  void wake_on_commit(QueueId) override { ++wakes; }

  void commit_to(std::uint64_t stage) {
    for (; committed_stage_ != stage; ++committed_stage_) {
      Staged& entry = staged[committed_stage_];
      if (!entry.gone) {
        kept[entry.position] = {entry.message, entry.spilled};
        index.insert({entry.due, entry.position});
      }
      entry.message.reset();
    }
  }
  void restart() {
    std::erase_if(kept, [](const auto& entry) { return entry.second.spilled; });
    staged.clear();
    committed_stage_ = 0;
    reading.reset();
    asked = false;
  }

  struct Range {
    Position from;
    Position to;
  };
  std::vector<Staged> staged;
  std::map<Position, Kept> kept;
  std::set<DuePoint> index;
  std::optional<Range> reading;
  std::vector<DuePoint> entries;
  bool asked = false;
  bool is_last = false;
  int reads = 0;
  int withdrawn = 0;
  int told = 0;
  int wakes = 0;
};

struct DelayBench {
  DelayStore store;
  std::unique_ptr<Context> context;
  std::unique_ptr<DelayedSet> set;
  std::vector<std::string> released;

  explicit DelayBench(std::uint64_t window = 16 << 20) { make_set(window); }

  void make_set(std::uint64_t window) {
    const Settings settings{.id = QueueId{5}, .durable = true, .window_tail_bytes = window};
    context = std::make_unique<Context>(Context{.settings = settings, .sink = store});
    set = std::make_unique<DelayedSet>(*context, [this](MessageRef&& message, const StoredRange&) {
      released.emplace_back(message->body());
    });
  }
  void add(const std::string& body, std::int64_t due, bool persistent = true) {
    set->add(make(body, persistent), {.session = {}, .sequence = 1}, at(due));
    set->balance();
  }
  void run(std::int64_t now) {
    context->now = at(now);
    context->wake_asked = false;
    std::uint32_t budget = 1000;
    set->fire(budget);
    set->balance();
  }
  void answer() {
    if (store.asked) {
      store.asked = false;
      set->due_loaded(store.entries, store.is_last);
    }
    if (store.reading) {
      const auto range = *store.reading;
      store.reading.reset();
      std::vector<Loaded> messages;
      for (auto found = store.kept.lower_bound(range.from);
           found != store.kept.end() && found->first < range.to; ++found)
        messages.push_back({found->first, found->second.message, 0});
      set->loaded(range.from, range.to, messages);
    }
  }
  void run_all(std::int64_t now) {
    run(now);
    while (store.asked || store.reading) {
      answer();
      run(now);
    }
  }
  void commit() {
    store.commit_to(store.staged.size());
    set->balance();
  }
  /// What was released since the last call.
  std::string taken() {
    std::string text;
    for (const auto& body : released) text += (text.empty() ? "" : " ") + body;
    released.clear();
    return text;
  }
  Recovered recovered() const {
    Recovered result{.has_due = !store.index.empty()};
    for (const auto& [position, kept] : store.kept) {
      if (result.count++ == 0) result.low_water_mark = position;
      result.next = position + 1;
    }
    return result;
  }
};

}  // namespace tern::queue::test
