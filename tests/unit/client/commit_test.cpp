// Transactional consumers: what a commit sends and when, and how it fails.
#include "unit/client/machine_fixture.hpp"

using namespace tern;
using namespace tern::client;
using ternmq::delivery;

namespace {

ternmq::consumer_options transactional() {
  ternmq::consumer_options options;
  options.transactional = true;
  return options;
}

struct Committing : MachineFixture {
  explicit Committing(ternmq::consumer_options options = transactional())
      : part(machine.add_consumer("q", std::move(options))) {
    for (const char* body : {"1", "2"})
      broker.queues["q"].push_back({"", "q", std::string("\0\0", 2), body});
    broker.queues["other"];
    part.start({}, [](const error_info*) {});
    open();
    run();
  }
  std::uint64_t next() {
    Asked<delivery> got;
    part.next(got.operation());
    run();
    return got.is_good() ? got.result().delivery_tag() : 0;
  }
  void commit(std::vector<ternmq::message> with = {}) {
    part.commit(asked.operation(), std::move(with));
  }
  [[nodiscard]] std::vector<std::string> last_methods(std::size_t count) const {
    const auto& all = wire->methods;
    return {all.end() - static_cast<std::ptrdiff_t>(std::min(count, all.size())), all.end()};
  }

  Asked<> asked;
  ConsumerPart& part;
};

}  // namespace

TEST_CASE("a commit sends acknowledgements and messages before it") {
  Committing test;
  CHECK(std::count(test.wire->methods.begin(), test.wire->methods.end(), "tx.select") == 1);
  const std::uint64_t tag = test.next();
  test.part.settle(*test.part.epoch(), tag, Verdict::ack);
  test.commit({{"other", "a"}, {"other", "b"}});
  test.run();
  CHECK(test.asked.is_good());
  CHECK(test.last_methods(4) ==
        std::vector<std::string>{"basic.ack", "basic.publish", "basic.publish", "tx.commit"});
  CHECK(test.broker.queues["other"].size() == 2);
}

TEST_CASE("a commit that the loss of the connection cuts off is not known") {
  Committing test;
  test.commit({{"other", "a"}});
  test.machine.end_turn();
  test.tear();
  test.run();
  CHECK(test.asked.error() == errc::outcome_unknown);
}

TEST_CASE("without a connection there is nothing to commit") {
  Committing test;
  test.is_broker_up = false;
  test.tear();
  test.commit();
  test.run();
  CHECK(test.asked.error() == errc::connection_lost);
}

TEST_CASE("what cannot be committed is told") {
  Committing plain{ternmq::consumer_options()};
  plain.commit();
  plain.run();
  CHECK(plain.asked.error() == errc::invalid_argument);
  Committing test;
  test.commit({{std::string(300, 'k'), "too long a key"}});
  test.run();
  CHECK(test.asked.error() == errc::invalid_argument);
  CHECK(std::count(test.wire->methods.begin(), test.wire->methods.end(), "tx.commit") == 0);
}

TEST_CASE("a commit that nobody waits for any more leaves the next one its answer") {
  Committing test;
  Asked<> first;
  test.part.commit(first.operation(5), {});
  test.now += 10;
  test.machine.set_time(test.now);
  test.machine.tick();
  CHECK(!first.is_done());
  test.commit();
  test.run();
  CHECK(first.error() == errc::timed_out);
  CHECK(test.asked.is_good());
}

TEST_CASE("a commit on a connection that ends is not known, and the next one fails") {
  Committing test;
  test.commit();
  test.machine.stop();
  test.run();
  CHECK(test.asked.error() == errc::outcome_unknown);
  Asked<> late;
  test.part.commit(late.operation(), {});
  test.run();
  CHECK(late.error() == errc::connection_closed);
}
