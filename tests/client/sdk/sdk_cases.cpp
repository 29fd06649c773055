// The C++ client against a broker that runs: sdk_cases URL KIND [CASE]. KIND "reference" is
// RabbitMQ.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "flow_cases.hpp"

using namespace sdk;
using ternmq::delivery;
using ternmq::errc;
using ternmq::message;

namespace {

awaitable<void> publish_and_consume(Life& life) {
  co_await life.declare({});
  auto publisher = co_await life.connection.open_publisher();
  message what(life.queue, std::string(300'000, 'b'));
  what.properties.content_type = "text/plain";
  what.properties.message_id = "m";
  what.properties.headers = {{"number", 42}, {"table", ternmq::table{{"flag", true}}}};
  what.properties.priority = 3;
  const auto outcome = co_await publisher.publish(what);
  EXPECT(outcome.is_confirmed());
  auto consumer = co_await life.connection.open_consumer(life.queue);
  delivery got = co_await consumer.next();
  EXPECT(got.body() == what.body);
  EXPECT(got.properties() == what.properties);
  EXPECT(got.message_id() == "m");
  EXPECT(got.header("number").integer() == 42);
  EXPECT(!got.is_redelivered());
  EXPECT(!got.ack());
  EXPECT(got.ack() == errc::already_settled);
  co_await consumer.drain();
  const auto status = co_await life.connection.inspect(life.queue);
  EXPECT(status.messages == 0);
}

awaitable<void> nothing_is_lost_in_the_pipeline(Life& life) {
  constexpr int count = 20'000;
  co_await life.declare({});
  auto publisher = co_await life.connection.open_publisher();
  for (int i = 0; i < count; ++i) {
    message what(life.queue, std::to_string(i));
    what.properties.persistent = false;
    co_await publisher.send(std::move(what));
  }
  const auto report = co_await publisher.drain();
  EXPECT(report.confirmed == count);
  auto consumer = co_await life.connection.open_consumer(life.queue);
  for (int got = 0; got < count;) {
    auto batch = co_await consumer.next_batch(500);
    for (const delivery& one : batch) EXPECT(one.body() == std::to_string(got++));
    ternmq::ack_all(batch);
  }
  co_await consumer.drain();
}

awaitable<void> outcomes_are_told(Life& life) {
  ternmq::table arguments{{"x-max-length", 2}, {"x-overflow", "reject-publish"}};
  co_await life.declare(std::move(arguments));
  ternmq::publisher_options options;
  options.mandatory = true;
  auto publisher = co_await life.connection.open_publisher(options);
  std::vector<message> batch;
  for (int i = 0; i < 4; ++i) batch.emplace_back(life.queue, "x");
  batch.emplace_back("sdk.nobody-has-this-queue", "x");
  const auto [error, outcomes] = co_await publisher.publish_batch(std::move(batch), tuple);
  EXPECT(error == errc::nacked);
  EXPECT(outcomes.size() == 5);
  EXPECT(outcomes[0].is_confirmed() && outcomes[1].is_confirmed());
  EXPECT(outcomes[3].what == ternmq::outcome::kind::nacked);
  EXPECT(outcomes[4].what == ternmq::outcome::kind::returned);
  EXPECT(outcomes[4].reply_text == "NO_ROUTE");
}

awaitable<void> errors_have_the_brokers_words(Life& life) {
  co_await life.declare({});
  ternmq::topology other;
  other.add_queue(life.queue, {{"x-max-length", 5}});
  ternmq::error_info info;
  const auto [refused, none] = co_await life.connection.declare(other, {.info = &info}, tuple);
  EXPECT(refused == errc::precondition_failed);
  EXPECT(info.text.starts_with("PRECONDITION_FAILED - inequivalent arg 'x-max-length'"));
  auto publisher = co_await life.connection.open_publisher();
  const auto [lost, outcome] =
      co_await publisher.publish({"sdk.no-such-exchange", "key", "x"}, tuple);
  EXPECT(lost == errc::not_found);
  EXPECT(outcome.reply_text.starts_with("NOT_FOUND - no exchange"));
  const auto again = co_await publisher.publish({life.queue, "x"});
  EXPECT(again.is_confirmed());
  const auto [missing, consumer] =
      co_await life.connection.open_consumer("sdk.no-such-queue", {}, {.info = &info}, tuple);
  EXPECT(missing == errc::not_found);
}

awaitable<void> forgetting_is_visible(Life& life) {
  co_await life.declare({});
  auto publisher = co_await life.connection.open_publisher();
  co_await publisher.publish({life.queue, "x"});
  ternmq::consumer_options options;
  std::uint64_t told = 0;
  options.on_forgotten = [&told](const ternmq::forgotten_delivery& one) { told = one.count; };
  auto consumer = co_await life.connection.open_consumer(life.queue, options);
  { const delivery forgotten = co_await consumer.next(); }
  EXPECT(told == 1);
  EXPECT(consumer.forgotten() == 1);
  delivery again = co_await consumer.next();
  EXPECT(again.is_redelivered());
  EXPECT(!again.reject());
}

awaitable<void> waiting_can_be_given_up(Life& life) {
  co_await life.declare({});
  auto consumer = co_await life.connection.open_consumer(life.queue);
  const auto [late, none] = co_await consumer.next({.timeout = 50ms}, tuple);
  EXPECT(late == errc::timed_out);
  asio::cancellation_signal signal;
  bool is_cancelled = false;
  asio::steady_timer done(life.io, asio::steady_timer::time_point::max());
  consumer.next(
      asio::bind_cancellation_slot(signal.slot(), [&](ternmq::error_code error, delivery) {
        is_cancelled = error == asio::error::operation_aborted;
        done.cancel();
      }));
  signal.emit(asio::cancellation_type::terminal);
  co_await done.async_wait(tuple);
  EXPECT(is_cancelled);
  // What was cancelled has taken no message with it.
  auto publisher = co_await life.connection.open_publisher();
  co_await publisher.publish({life.queue, "x"});
  delivery got = co_await consumer.next();
  EXPECT(got.body() == "x");
  got.ack();
  co_await consumer.cancel();
  const auto [over, nothing] = co_await consumer.next(tuple);
  EXPECT(over == errc::consumer_cancelled);
}

awaitable<void> a_deleted_queue_ends_its_consumer(Life& life) {
  co_await life.declare({});
  auto consumer = co_await life.connection.open_consumer(life.queue);
  co_await life.connection.delete_queue(life.queue);
  const auto [error, none] = co_await consumer.next(tuple);
  EXPECT(error == errc::consumer_cancelled);
}

awaitable<void> serve(ternmq::rpc_server server) {
  for (;;) {
    auto [error, request] = co_await server.next(tuple);
    if (error) co_return;
    request.reply("re: " + std::string(request.body()));
  }
}

awaitable<void> calls_are_answered(Life& life) {
  co_await life.declare({});
  auto server = co_await life.connection.open_rpc_server(life.queue);
  asio::co_spawn(life.io, serve(server), [](std::exception_ptr) {});
  auto client = co_await life.connection.open_rpc_client();
  for (int i = 0; i < 100; ++i) {
    const auto reply = co_await client.call({life.queue, std::to_string(i)});
    EXPECT(reply.body() == "re: " + std::to_string(i));
  }
  const auto [error, none] = co_await client.call({"sdk.nobody-serves-this", "x"}, tuple);
  EXPECT(error == errc::no_reply);
  co_await server.requests().drain();
}

awaitable<void> bindings_route(Life& life) {
  ternmq::topology topology;
  ternmq::exchange events("sdk.events", "topic");
  events.durable = false;
  events.auto_delete = true;
  topology.add(events).add_queue(life.queue).add_temporary_queue();
  topology.bind("sdk.events", life.queue, "order.*").bind("sdk.events", "", "#");
  const auto queues = co_await life.connection.declare(topology);
  EXPECT(queues.size() == 2);
  EXPECT(queues[0].name == life.queue);
  auto publisher = co_await life.connection.open_publisher();
  co_await publisher.publish({"sdk.events", "order.placed", "1"});
  co_await publisher.publish({"sdk.events", "stock.low", "2"});
  const auto orders = co_await life.connection.inspect(life.queue);
  const auto all = co_await life.connection.inspect(queues[1].name);
  EXPECT(orders.messages == 1);
  EXPECT(all.messages == 2);
  co_await life.connection.unbind({"sdk.events", life.queue, "order.*"});
  co_await publisher.publish({"sdk.events", "order.placed", "3"});
  const auto purged = co_await life.connection.purge(queues[1].name);
  EXPECT(purged == 3);
}

awaitable<void> deduplicated_once(Life& life) {
  ternmq::table once{{"x-message-deduplication", true}};
  co_await life.declare(std::move(once));
  ternmq::publisher_options options;
  options.on_recovery = ternmq::resend::deduplicated;
  auto publisher = co_await life.connection.open_publisher(options);
  for (int i = 0; i < 3; ++i) {
    message what(life.queue, "x");
    what.properties.message_id = "the same";
    co_await publisher.publish(std::move(what));
  }
  const auto status = co_await life.connection.inspect(life.queue);
  EXPECT(status.messages == 1);
}

template <awaitable<void> (*Body)(Life&)>
void alive(const Target& target) {
  Life life(target, "case");
  life.run(Body);
}

void only_ternmq_deduplicates(const Target& target) {
  if (target.is_ternmq()) alive<deduplicated_once>(target);
}

void futures_and_callbacks(const Target& target) {
  asio::io_context io(1);
  ternmq::connection connection(io.get_executor(),
                                ternmq::connection_options::from_url(target.url));
  auto work = asio::make_work_guard(io);
  std::thread thread([&io] { io.run(); });
  connection.open(asio::use_future).get();
  auto publisher = connection.open_publisher({}, asio::use_future).get();
  ternmq::topology topology;
  topology.add_temporary_queue();
  const std::string queue = connection.declare(topology, asio::use_future).get()[0].name;
  EXPECT(publisher.publish({queue, "x"}, asio::use_future).get().is_confirmed());
  std::promise<int> confirmed;
  std::atomic<int> count = 0;
  for (int i = 0; i < 100; ++i)
    publisher.publish({queue, "x"}, [&](ternmq::error_code error, const ternmq::outcome&) {
      if (!error && ++count == 100) confirmed.set_value(count);
    });
  EXPECT(confirmed.get_future().get() == 100);
  bool has_thrown = false;
  try {
    connection.inspect("sdk.no-such-queue", asio::use_future).get();
  } catch (const boost::system::system_error& error) {
    has_thrown = error.code() == errc::not_found;
  }
  EXPECT(has_thrown);
  connection.close(asio::use_future).get();
  work.reset();
  thread.join();
}

void many_threads_on_one_connection(const Target& target) {
  asio::thread_pool pool(3);
  ternmq::connection connection(asio::make_strand(pool.get_executor()),
                                ternmq::connection_options::from_url(target.url));
  connection.open(asio::use_future).get();
  ternmq::topology topology;
  topology.add_temporary_queue();
  const std::string queue = connection.declare(topology, asio::use_future).get()[0].name;
  auto publisher = connection.open_publisher({}, asio::use_future).get();
  auto consumer = connection.open_consumer(queue, {}, asio::use_future).get();
  constexpr int each = 300;
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i)
        EXPECT(publisher.publish({queue, "x"}, asio::use_future).get().is_confirmed());
    });
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        delivery one = consumer.next(asio::use_future).get();
        if (!one.ack()) ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  consumer.drain(asio::use_future).get();
  EXPECT(taken == 2 * each);
  EXPECT(connection.inspect(queue, asio::use_future).get().messages == 0);
  connection.close(asio::use_future).get();
  pool.join();
}

void blocking_calls(const Target& target) {
  const std::string queue = "sdk.blocking";
  ternmq::blocking::connection broker(target.url, patient(10s));
  ternmq::topology topology;
  topology.add_queue(queue);
  broker.declare(topology);
  broker.purge(queue);
  broker.publish({queue, "hello"});
  broker.publish_batch({{queue, "1"}, {queue, "2"}});
  auto got = broker.get(queue, patient(5s));
  EXPECT(got && got->body() == "hello");
  EXPECT(!got->ack());
  got = broker.try_get(queue);
  EXPECT(got && got->body() == "1" && !got->is_redelivered());
  got.reset();  // Unsettled, it goes back to its place.
  auto consumer_of_one = broker.get(queue, patient(5s));
  EXPECT(consumer_of_one && consumer_of_one->body() == "1" && consumer_of_one->is_redelivered());
  EXPECT(!consumer_of_one->nack());
  auto consumer = broker.consume(queue);
  for (const char* body : {"1", "2"}) {
    auto one = consumer.next(patient(5s));
    EXPECT(one && one->body() == body);
    one->ack();
  }
  EXPECT(!consumer.next(20ms));
  consumer.drain();
  std::string words;
  try {
    broker.publish({"sdk.no-such-queue", "x"});
  } catch (const ternmq::failure& error) {
    words = error.text();
  }
  EXPECT(words == "NO_ROUTE");
  EXPECT(!broker.try_get(queue));
  EXPECT(broker.delete_queue(queue) == 0);
  bool is_missed = false;
  try {
    broker.try_get(queue);
  } catch (const ternmq::failure& error) {
    is_missed = error.code() == errc::not_found;
  }
  EXPECT(is_missed);
  broker.close();
}

void a_wrong_password_is_told(const Target& target) {
  auto options = ternmq::connection_options::from_url(target.url);
  options.password = "wrong";
  bool is_refused = false;
  try {
    const ternmq::blocking::connection broker(options, patient(10s));
  } catch (const ternmq::failure& error) {
    is_refused =
        error.code() == errc::authentication_refused && error.text().starts_with("ACCESS_REFUSED");
  }
  EXPECT(is_refused);
}

awaitable<void> wait_for_ever(ternmq::consumer consumer, ternmq::error_code& ended) {
  auto [error, none] = co_await consumer.next(tuple);
  ended = error;
}

// Whoever drops the connection hears of everything; whoever drops the context hears nothing, and
// nothing is left behind, which is what AddressSanitizer looks at.
void endings_are_orderly(const Target& target) {
  ternmq::error_code ended;
  for (const bool runs_on : {true, false}) {
    asio::io_context io(1);
    std::optional<ternmq::connection> connection(std::in_place, io.get_executor(),
                                                 ternmq::connection_options::from_url(target.url));
    bool is_waiting = false;
    connection->open([&](ternmq::error_code error) {
      if (error) return;
      ternmq::topology topology;
      topology.add_temporary_queue();
      connection->declare(topology, [&](ternmq::error_code, auto queues) {
        connection->open_consumer(
            queues[0].name, {}, [&](ternmq::error_code, ternmq::consumer consumer) {
              asio::co_spawn(io, wait_for_ever(consumer, ended), [](std::exception_ptr) {});
              is_waiting = true;
            });
      });
    });
    while (!is_waiting) io.run_one();
    if (!runs_on) continue;
    connection.reset();
    io.run();
    EXPECT(ended == errc::connection_closed);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  return run_cases({{"publish and consume", alive<publish_and_consume>},
                    {"nothing is lost in the pipeline", alive<nothing_is_lost_in_the_pipeline>},
                    {"outcomes are told", alive<outcomes_are_told>},
                    {"errors have the broker's words", alive<errors_have_the_brokers_words>},
                    {"forgetting is visible", alive<forgetting_is_visible>},
                    {"waiting can be given up", alive<waiting_can_be_given_up>},
                    {"a deleted queue ends its consumer", alive<a_deleted_queue_ends_its_consumer>},
                    {"calls are answered", alive<calls_are_answered>},
                    {"bindings route", alive<bindings_route>},
                    {"duplicates are dropped", only_ternmq_deduplicates},
                    {"futures and callbacks", futures_and_callbacks},
                    {"many threads on one connection", many_threads_on_one_connection},
                    {"blocking calls", blocking_calls},
                    {"a wrong password is told", a_wrong_password_is_told},
                    {"endings are orderly", endings_are_orderly},
                    {"refused messages wait", what_is_refused_is_published_later},
                    {"commits are all or nothing", commits_are_all_or_nothing}},
                   {arguments[1], arguments[2]}, count > 3 ? arguments[3] : "");
}
