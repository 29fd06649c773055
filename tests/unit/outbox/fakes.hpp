// A table, a broker and a clock for the relay, in memory. Everything that is done is written down
// in one list, in its order.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "outbox/ports.hpp"

namespace tern::outbox {

inline Row make_row(std::int64_t id, std::string routing_key = "orders") {
  Row row;
  row.id = id;
  row.message_id = "uuid-" + std::to_string(id);
  row.routing_key = std::move(routing_key);
  row.body = "body " + std::to_string(id);
  return row;
}

inline ternmq::outcome confirmed() {
  return {.what = ternmq::outcome::kind::confirmed};
}

inline ternmq::outcome unknown(ternmq::errc why, std::string text = {}) {
  return {.what = ternmq::outcome::kind::unknown,
          .error = make_error_code(why),
          .reply_text = std::move(text)};
}

using Events = std::vector<std::string>;

class FakeTable : public Table {
 public:
  explicit FakeTable(Events& events) : events_(events) {}

  Result<void> connect() override { return fail_or("connect"); }
  Result<std::vector<Row>> lock_rows(unsigned count) override {
    if (auto called = fail_or("lock"); !called) return called.error();
    std::vector<Row> locked;
    for (const Row& row : rows)
      if (locked.size() < count) locked.push_back(row);
    return locked;
  }
  Result<void> settle(const Settlement& settlement) override {
    if (auto called = fail_or("settle"); !called) return called;
    const auto remove = [this](std::int64_t id) {
      std::erase_if(rows, [id](const Row& row) { return row.id == id; });
    };
    for (const auto id : settlement.sent) remove(id), sent.push_back(id);
    for (const auto& one : settlement.failed) remove(one.id), failed.push_back(one);
    for (const auto id : settlement.deferred) remove(id), deferred.push_back(id);
    return {};
  }
  void roll_back() override { events_.emplace_back("roll back"); }
  void wait(std::chrono::milliseconds) override {
    events_.emplace_back("wait");
    if (on_wait) on_wait();
  }

  std::deque<Row> rows;
  std::multiset<std::string> failing;  ///< calls that fail, once for each entry
  std::vector<std::int64_t> sent;
  std::vector<Settlement::Failure> failed;
  std::vector<std::int64_t> deferred;
  std::function<void()> on_wait;

 private:
  Result<void> fail_or(const std::string& call) {
    events_.push_back(call);
    const auto found = failing.find(call);
    if (found == failing.end()) return {};
    failing.erase(found);
    return Error{call + " failed"};
  }

  Events& events_;
};

class FakePublisher : public Publisher {
 public:
  explicit FakePublisher(Events& events) : events_(events) {}

  Result<void> connect() override {
    events_.emplace_back("connect to broker");
    if (refusals == 0) return {};
    --refusals;
    return Error{"refused"};
  }
  std::vector<ternmq::outcome> publish(std::vector<ternmq::message> messages) override {
    events_.emplace_back("publish");
    published.insert(published.end(), messages.begin(), messages.end());
    std::vector<ternmq::outcome> outcomes(messages.size(), confirmed());
    if (!answers.empty()) {
      outcomes = answers.front();
      answers.pop_front();
    }
    return outcomes;
  }

  int refusals = 0;
  std::deque<std::vector<ternmq::outcome>> answers;  ///< then everything is confirmed
  std::vector<ternmq::message> published;

 private:
  Events& events_;
};

/// Stops when a test says so, or after so many pauses; notes how long they were.
class FakeStopping : public Stopping {
 public:
  bool is_asked() const override { return is_stopped; }
  void pause(std::chrono::milliseconds time) override {
    pauses.push_back(time.count());
    if (pauses.size() == pauses_max) is_stopped = true;
  }

  bool is_stopped = false;
  std::size_t pauses_max = 20;
  std::vector<std::int64_t> pauses;
};

}  // namespace tern::outbox
