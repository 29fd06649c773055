// One producer: a connection and the thread that publishes on it. Fills a buffer from templates,
// sends it with one call, reads confirms in between; it never waits for the broker while there is
// something else to do. Created and run on its own thread.
#pragma once

#include <vector>

#include "perf/confirm_window.hpp"
#include "perf/connection.hpp"
#include "perf/message_template.hpp"
#include "perf/pace.hpp"
#include "perf/run_state.hpp"

namespace tern::perf {

class Producer {
 public:
  /// The thread's main function.
  static void run(RunState& state, unsigned index);

 private:
  // One of the queues that this producer publishes to in turn.
  struct Lane {
    MessageTemplate message;
    std::vector<std::size_t> streams;
    std::uint64_t next = 0;
  };

  Producer(RunState& state, unsigned index);
  void work();
  [[nodiscard]] bool is_done() const noexcept;
  void check_end(Nanos now) noexcept;
  void fill(Nanos now);
  bool write();
  bool read();
  void on_frame(const amqp::FrameCut& frame, Nanos now);
  void on_confirm(const amqp::FrameCut& frame, bool is_positive, Nanos now);
  void note_sent() noexcept;
  void wait();

  RunState& state_;
  const Options& options_;
  ProducerFigures& figures_;
  const unsigned index_;
  Connection connection_;
  ConfirmWindow window_;
  Pace pace_;
  std::vector<Lane> lanes_;
  std::size_t lane_ = 0;
  std::uint64_t limit_;  ///< messages of this producer
  std::uint64_t sent_ = 0;
  bool is_blocked_ = false;
  unsigned writes_ = 0;

  std::size_t batch_bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< of what is in the buffer and not sent
  std::size_t end_ = 0;
};

}  // namespace tern::perf
