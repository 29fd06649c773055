// One consumer: a connection and the thread that reads deliveries on it. Cuts frames in place out
// of a large receive buffer, enters each message in its stream's book, and sends all
// acknowledgements of a buffer with one call. Created and run on its own thread.
#pragma once

#include <string>
#include <vector>

#include "perf/connection.hpp"
#include "perf/run_state.hpp"

namespace tern::perf {

class Consumer {
 public:
  /// The thread's main function.
  static void run(RunState& state, unsigned index);

 private:
  // What this consumer has seen of a stream.
  struct Seen {
    std::uint64_t next = 0;  ///< one more than the highest number
    std::uint64_t unique = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t known_sent = 0;  ///< a number from here on asks the producer's book again
  };

  Consumer(RunState& state, unsigned index);
  void subscribe();
  void work();
  /// Whether there is more to do.
  bool receive();
  void parse(Nanos now);
  void on_method(Bytes payload);
  void on_deliver(Bytes arguments);
  void on_header(Bytes payload);
  void on_body(Bytes payload, Nanos now);
  void on_stamp(Bytes payload);
  void on_complete();
  void acknowledge(std::uint64_t tag, bool multiple);
  void acknowledge_rest();
  void send_acknowledgements();
  void enter_in_book();

  RunState& state_;
  const Options& options_;
  ConsumerFigures& figures_;
  Connection connection_;
  std::vector<unsigned> queues_;
  std::vector<Seen> seen_;  ///< by number of the stream
  const bool is_shared_;
  std::size_t found_ = 0;  ///< the stream of the last message
  unsigned found_queue_ = ~0U;
  unsigned found_producer_ = 0;

  // The message that is being read.
  unsigned queue_;
  std::uint64_t tag_ = 0;
  bool is_redelivered_ = false;
  bool is_first_body_ = false;
  std::uint64_t missing_bytes_ = 0;

  std::uint64_t received_ = 0;
  std::uint32_t unacknowledged_ = 0;
  std::string acknowledgements_;
};

}  // namespace tern::perf
