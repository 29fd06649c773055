// Consuming: handing out, settling once, merged acknowledgements, cancelling, draining; and calls.
#include "unit/client/machine_fixture.hpp"

using namespace tern;
using namespace tern::client;
using ternmq::delivery;

namespace {

struct Consuming : MachineFixture {
  explicit Consuming(int messages, ternmq::consumer_options options = {})
      : part(machine.add_consumer("q", std::move(options))) {
    for (int i = 1; i <= messages; ++i)
      broker.queues["q"].push_back({"", "q", std::string("\0\0", 2), std::to_string(i)});
    part.start({}, [this](const error_info* error) { is_ready = error == nullptr; });
    open();
    run();
  }
  /// The next delivery's tag, or 0.
  std::uint64_t next() {
    Asked<delivery> asked;
    part.next(asked.operation());
    run();
    if (!asked.is_good()) return 0;
    body = asked.result().body();
    return asked.result().delivery_tag();
  }
  void settle(std::uint64_t tag, Verdict how) { part.settle(*part.epoch(), tag, how); }

  bool is_ready = false;
  std::string body;
  ConsumerPart& part;
};

ternmq::consumer_options prefetch(std::uint16_t count) {
  ternmq::consumer_options options;
  options.prefetch = count;
  return options;
}

}  // namespace

TEST_CASE("messages are handed out in order, to those who came first") {
  Consuming test(2);
  CHECK(test.is_ready);
  CHECK(test.next() == 1);
  CHECK(test.body == "1");
  CHECK(test.next() == 2);
  Asked<delivery> first;
  Asked<delivery> second;
  test.part.next(first.operation());
  test.part.next(second.operation());
  test.run();
  CHECK_FALSE(first.is_done());
  for (const char* body : {"3", "4"})
    test.broker.queues["q"].push_back({"", "q", std::string("\0\0", 2), body});
  test.wire->feed({});
  test.run();
  CHECK(first.result().body() == "3");
  CHECK(second.result().body() == "4");
}

TEST_CASE("no more is here than the prefetch, and acknowledgements make room") {
  Consuming test(10, prefetch(4));
  CHECK(test.broker.queues["q"].size() == 6);
  for (int i = 0; i < 4; ++i) test.next();
  for (std::uint64_t tag = 1; tag <= 4; ++tag) test.settle(tag, Verdict::ack);
  test.run();
  CHECK(test.broker.acked == 4);
  CHECK(test.wire->ack_frames == 1);
  CHECK(test.broker.queues["q"].size() == 2);
}

TEST_CASE("a delivery is settled once, whatever is asked after that") {
  Consuming test(3);
  for (int i = 0; i < 3; ++i) test.next();
  test.settle(2, Verdict::ack);
  test.settle(2, Verdict::requeue);
  test.settle(1, Verdict::reject);
  test.settle(1, Verdict::ack);
  test.settle(3, Verdict::ack_up_to);
  test.settle(3, Verdict::ack);
  test.run();  // The broker in memory aborts on a tag that it does not know.
  CHECK(test.broker.acked == 2);
}

TEST_CASE("requeued messages come again, flagged") {
  Consuming test(1);
  test.settle(test.next(), Verdict::requeue);
  test.run();
  Asked<delivery> again;
  test.part.next(again.operation());
  test.run();
  CHECK(again.result().is_redelivered());
  CHECK(again.result().delivery_tag() == 2);
}

TEST_CASE("a batch takes what is here") {
  Consuming test(5);
  Asked<std::vector<delivery>> three;
  test.part.next_batch(three.operation(), 3);
  Asked<std::vector<delivery>> rest;
  test.part.next_batch(rest.operation(), 10);
  Asked<std::vector<delivery>> later;
  test.part.next_batch(later.operation(50), 10);
  test.run();
  CHECK(three.result().size() == 3);
  CHECK(rest.result().size() == 2);
  CHECK_FALSE(later.is_done());
  test.advance(50);
  CHECK(later.error() == ternmq::errc::timed_out);
}

TEST_CASE("cancelling gives back what was not handed out") {
  Consuming test(5);
  CHECK(test.next() == 1);
  Asked<delivery> waiting;
  Asked<> cancelled;
  test.part.cancel(cancelled.operation());
  test.part.next(waiting.operation());
  test.run();
  CHECK(cancelled.is_good());
  CHECK(waiting.error() == ternmq::errc::consumer_cancelled);
  CHECK(test.broker.queues["q"].size() == 4);
  test.settle(1, Verdict::ack);
  test.run();
  CHECK(test.broker.acked == 1);
  CHECK(test.wire->methods.back() == "channel.close");
}

TEST_CASE("draining hands out what is here and waits until it is settled") {
  Consuming test(2);
  Asked<> drained;
  test.part.drain(drained.operation());
  test.run();
  CHECK_FALSE(drained.is_done());
  CHECK(test.next() == 1);
  CHECK(test.next() == 2);
  CHECK(test.next() == 0);
  test.settle(1, Verdict::ack);
  test.run();
  CHECK_FALSE(drained.is_done());
  test.settle(2, Verdict::ack);
  test.run();
  CHECK(drained.is_good());
  CHECK(test.broker.acked == 2);
  CHECK(test.wire->methods.back() == "channel.close");
}

TEST_CASE("a consumer that the broker cancels ends in its words") {
  Consuming test(0);
  Asked<delivery> waiting;
  test.part.next(waiting.operation());
  test.wire->send(1, amqp::BasicCancel{.consumer_tag = "x", .no_wait = true});
  test.run();
  CHECK(waiting.error() == ternmq::errc::consumer_cancelled);
  CHECK(waiting.text().find("'q'") != std::string::npos);
}

TEST_CASE("a channel error ends the consumer with the broker's words") {
  Consuming test(0);
  Asked<delivery> waiting;
  test.part.next(waiting.operation());
  test.wire->send(1,
                  amqp::ChannelClose{.reply_code = 406, .reply_text = "PRECONDITION_FAILED - x"});
  test.run();
  CHECK(waiting.error() == ternmq::errc::precondition_failed);
  CHECK(test.next() == 0);
}

TEST_CASE("bodies of every size arrive whole, however the bytes are cut") {
  const std::size_t bytes = GENERATE(0, 1, 4000, 131'064, 131'065, 400'000);
  const std::size_t piece = GENERATE(7, 4096, 100'000);
  if (bytes > 200'000 && piece < 4096) return;
  std::string body(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) body[i] = static_cast<char>(i * 7 + i / 253);
  Consuming test(0);
  test.broker.queues["q"].push_back({"ex", "q", std::string("\0\0", 2), body});
  test.broker.queues["q"].push_back({"", "q", std::string("\0\0", 2), "after"});
  test.wire->feed({});
  test.run(piece);
  Asked<std::vector<delivery>> both;
  test.part.next_batch(both.operation(), 2);
  test.run();
  REQUIRE(both.result().size() == 2);
  CHECK(both.result()[0].body() == body);
  CHECK(both.result()[0].exchange() == "ex");
  CHECK(both.result()[1].body() == "after");
}

TEST_CASE("a call gets its reply, or the news that nobody serves it") {
  MachineFixture test;
  test.open();
  test.broker.queues["service"];
  auto& calls = test.machine.add_rpc();
  calls.start([](const error_info*) {});
  test.machine.begin(calls);
  Asked<ternmq::received_message> answered;
  calls.call(answered.operation(), {"service", "question"});
  Asked<ternmq::received_message> unserved;
  calls.call(unserved.operation(), {"nowhere", "question"});
  test.run();
  CHECK(unserved.error() == ternmq::errc::no_reply);
  CHECK_FALSE(answered.is_done());
  REQUIRE(test.broker.queues["service"].size() == 1);
  const auto request = test.broker.queues["service"].front();
  CHECK(to_properties(request.properties).reply_to == "amq.rabbitmq.reply-to");
  test.broker.queues["amq.rabbitmq.reply-to"].push_back({"", "", request.properties, "answer"});
  test.wire->feed({});
  test.run();
  REQUIRE(answered.is_good());
  CHECK(answered.result().body() == "answer");

  Asked<ternmq::received_message> interrupted;
  calls.call(interrupted.operation(), {"service", "question"});
  test.run();
  test.tear();
  test.run();
  CHECK(interrupted.error() == ternmq::errc::connection_lost);
}
