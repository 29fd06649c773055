// The blocking facade, for scripts and tests: the same client on a thread of its own, calls that
// wait, errors that are thrown as ternmq::failure with the broker's words.
//
//   ternmq::blocking::connection broker("amqp://localhost");
//   broker.publish({"hello", "world"});
//   if (auto message = broker.get("hello", 1s)) message->ack();
//
// Every call may be given a time; without one it waits as long as it takes. All may be called from
// several threads at once.
#pragma once

#include <memory>
#include <optional>

#include "ternmq/connection.hpp"

namespace ternmq::blocking {

class connection;

/// Messages of one queue, one at a time.
class consumer {
 public:
  /// Waits for the next message; nothing when `timeout` has passed (0: it waits on).
  std::optional<delivery> next(std::chrono::milliseconds timeout = {});
  /// Publishes and settles, all or nothing: see ternmq::consumer::commit().
  void commit(std::vector<message> with = {}, std::chrono::milliseconds timeout = {});
  /// See ternmq::consumer.
  void cancel(std::chrono::milliseconds timeout = {});
  /// See ternmq::consumer.
  void drain(std::chrono::milliseconds timeout = {});
  /// Deliveries that were destroyed unsettled.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return inner_.forgotten(); }

 private:
  friend class connection;
  explicit consumer(ternmq::consumer inner) : inner_(std::move(inner)) {}
  ternmq::consumer inner_;
};

/// A connection whose calls wait.
class connection {
 public:
  /// Connects.
  explicit connection(std::string_view url, std::chrono::milliseconds timeout = {});
  /// @overload
  explicit connection(connection_options options, std::chrono::milliseconds timeout = {});
  /// Closes, as well as that can be done within a few seconds.
  ~connection();
  /// The one moved from may only be destroyed or assigned to.
  connection(connection&&) noexcept;
  /// Ends what this was before, at once.
  connection& operator=(connection&&) noexcept;

  /// See ternmq::connection::declare().
  std::vector<queue_status> declare(topology what, std::chrono::milliseconds timeout = {});
  /// How many messages and consumers a queue has.
  queue_status inspect(std::string queue, std::chrono::milliseconds timeout = {});
  /// Removes the ready messages of a queue; returns how many.
  std::uint32_t purge(std::string queue, std::chrono::milliseconds timeout = {});
  /// Deletes a queue; returns how many messages were in it.
  std::uint32_t delete_queue(std::string queue, std::chrono::milliseconds timeout = {});
  /// Deletes an exchange.
  void delete_exchange(std::string exchange, std::chrono::milliseconds timeout = {});

  /// Publishes and waits for the confirm; throws if there is none. A message that no queue takes is
  /// an error here: it is published as mandatory.
  void publish(message what, std::chrono::milliseconds timeout = {});
  /// The same for many, pipelined.
  void publish_batch(std::vector<message> what, std::chrono::milliseconds timeout = {});
  /// Begins to consume; see ternmq::consumer_options.
  consumer consume(std::string queue, consumer_options options = {},
                   std::chrono::milliseconds timeout = {});
  /// One message of a queue if there is one just now (basic.get). It does not wait for one;
  /// `timeout` is for the broker's answer.
  std::optional<delivery> try_get(std::string queue, std::chrono::milliseconds timeout = {});
  /// Waits for one message of a queue; nothing when `timeout` has passed. Each call consumes anew:
  /// for more than a few messages take consume().
  std::optional<delivery> get(std::string queue, std::chrono::milliseconds timeout);
  /// Calls a server and waits for its reply.
  received_message call(message request, std::chrono::milliseconds timeout = {});
  /// Says goodbye to the broker; the destructor does so, too.
  void close(std::chrono::milliseconds timeout = {});

  /// The asynchronous connection under it.
  [[nodiscard]] ternmq::connection& async() noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace ternmq::blocking
