// The relay's loop: what is done in which order, and what happens when each step fails.
#include "outbox/relay.hpp"

#include <catch2/catch.hpp>

#include "base/log.hpp"
#include "fakes.hpp"

namespace tern::outbox {
namespace {

using Ids = std::vector<std::int64_t>;

// The relay says what fails; tests do not want to see it.
struct Quiet {
  Quiet() { set_log_level(LogLevel::error); }
  ~Quiet() { set_log_level(LogLevel::info); }
};

struct Fixture {
  Fixture() {
    table.on_wait = [this] { stopping.is_stopped = true; };
  }
  void run() { Relay(settings, table, publisher, stopping).run(); }

  Quiet quiet;
  Events events;
  Settings settings;
  FakeTable table{events};
  FakePublisher publisher{events};
  FakeStopping stopping;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "rows are locked, published, then settled; then it waits for more") {
  table.rows = {make_row(1), make_row(2)};
  run();
  CHECK(table.sent == Ids{1, 2});
  CHECK(events == Events{"connect", "connect to broker", "lock", "publish", "settle", "connect",
                         "connect to broker", "lock", "wait"});
  CHECK(stopping.pauses.empty());
}

TEST_CASE_METHOD(Fixture, "it goes on at once while there are rows, a batch at a time") {
  settings.batch = 2;
  for (int id = 1; id <= 5; ++id) table.rows.push_back(make_row(id));
  run();
  CHECK(table.sent == Ids{1, 2, 3, 4, 5});
  CHECK(std::count(events.begin(), events.end(), "publish") == 3);
  CHECK(std::count(events.begin(), events.end(), "wait") == 1);
}

TEST_CASE_METHOD(Fixture, "each step fails once: every row is sent in the end, with its own id") {
  for (const std::string step : {"connect", "lock", "settle"}) {
    table.rows = {make_row(1), make_row(2)};
    table.failing = {step};
    table.sent.clear();
    publisher.published.clear();
    stopping = FakeStopping();
    run();
    CHECK(table.sent == Ids{1, 2});
    CHECK(stopping.pauses == std::vector<std::int64_t>{100});
    // Published before it failed, and again after that, under the same ids.
    REQUIRE(publisher.published.size() == (step == "settle" ? 4U : 2U));
    const auto& last = publisher.published.back();
    CHECK(last.properties.message_id == "uuid-2");
  }
}

TEST_CASE_METHOD(Fixture, "without a broker no rows are locked") {
  table.rows = {make_row(1)};
  publisher.refusals = 3;
  run();
  CHECK(table.sent == Ids{1});
  CHECK(std::count(events.begin(), events.end(), "lock") == 2);
}

TEST_CASE_METHOD(Fixture, "waits double up to their bound, and begin anew after a success") {
  settings.delay_min = std::chrono::milliseconds(100);
  settings.delay_max = std::chrono::milliseconds(500);
  publisher.refusals = 5;
  int waits = 0;
  table.on_wait = [&] {
    if (++waits == 1)
      publisher.refusals = 1;
    else
      stopping.is_stopped = true;
  };
  run();
  CHECK(stopping.pauses == std::vector<std::int64_t>{100, 200, 400, 500, 500, 100});
}

TEST_CASE_METHOD(Fixture, "a batch without any answer is rolled back and tried again") {
  table.rows = {make_row(1)};
  publisher.answers = {{unknown(ternmq::errc::outcome_unknown)}};
  run();
  CHECK(table.sent == Ids{1});
  CHECK(std::count(events.begin(), events.end(), "roll back") == 1);
  CHECK(std::count(events.begin(), events.end(), "settle") == 1);
}

TEST_CASE_METHOD(Fixture, "what was confirmed before the connection was lost is settled") {
  table.rows = {make_row(1), make_row(2)};
  publisher.answers = {{confirmed(), unknown(ternmq::errc::outcome_unknown)}};
  run();
  CHECK(table.sent == Ids{1, 2});
  REQUIRE(publisher.published.size() == 3);
  CHECK(publisher.published[2].body == "body 2");
  CHECK(std::count(events.begin(), events.end(), "roll back") == 0);
}

TEST_CASE_METHOD(Fixture, "a poison row is marked, and keeps nobody") {
  table.rows = {make_row(1), make_row(2, std::string(300, 'k')), make_row(3)};
  run();
  CHECK(table.sent == Ids{1, 3});
  REQUIRE(table.failed.size() == 1);
  CHECK(table.failed[0].id == 2);
  CHECK(stopping.pauses.empty());
}

TEST_CASE_METHOD(Fixture, "told to stop during a batch, it settles it and begins no other") {
  settings.batch = 1;
  table.rows = {make_row(1), make_row(2)};
  struct StopWhilePublishing : FakePublisher {
    using FakePublisher::FakePublisher;
    std::vector<ternmq::outcome> publish(std::vector<ternmq::message> messages) override {
      stop->is_stopped = true;
      return FakePublisher::publish(std::move(messages));
    }
    FakeStopping* stop = nullptr;
  } stopper(events);
  stopper.stop = &stopping;
  Relay(settings, table, stopper, stopping).run();
  CHECK(table.sent == Ids{1});
  CHECK(events.back() == "settle");
}

}  // namespace tern::outbox
