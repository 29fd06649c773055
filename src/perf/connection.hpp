// A blocking AMQP 0-9-1 connection of the load tool: log in, open a channel, ask and wait. The hot
// loops of producers and consumers use its socket and receive buffer directly. Owned by one thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "amqp/encoder.hpp"
#include "amqp/frame.hpp"
#include "amqp/method_codec.hpp"
#include "perf/failure.hpp"
#include "perf/options.hpp"

namespace tern::perf {

class Connection {
 public:
  /// The channel that everything happens on.
  static constexpr std::uint16_t channel = 1;

  /// Logs in and opens the channel. Throws Failure, which says why not and what to do.
  explicit Connection(const Target& target, std::size_t receive_bytes = 64 << 10);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Appends to what flush() sends.
  template <class Method>
  void put(const Method& method, std::uint16_t on_channel = channel) {
    amqp::FrameWriter(output_, frame_max_).method(on_channel, method);
  }
  void put_raw(Bytes frames) { output_.append(frames); }
  void flush();
  /// Waits for the answer; skips whatever else comes. Views last until the next wait.
  template <class Reply>
  Reply wait_for() {
    for (;;) {
      const amqp::FrameCut frame = next_frame();
      if (frame.type() != amqp::FrameType::method) continue;
      const auto id = amqp::read_method_id(frame.payload);
      if (id != Reply::info.id) continue;
      Reply reply;
      if (amqp::decode_arguments(frame.payload.substr(4), reply))
        throw Failure("the broker's " + std::string(Reply::info.name) + " makes no sense");
      return reply;
    }
  }
  /// A question and its answer.
  template <class Reply, class Method>
  Reply ask(const Method& method) {
    put(method);
    flush();
    return wait_for<Reply>();
  }
  /// Waits until the broker has read everything that was sent, and takes leave. A socket closed
  /// without this may be reset, and what the broker has not read is lost.
  void close();

  [[nodiscard]] std::uint32_t frame_max() const noexcept { return frame_max_; }
  [[nodiscard]] int socket() const noexcept { return socket_; }

  // For the hot loops.
  /// One recv() behind what is unread; its result, with errno for -1.
  ssize_t receive(int flags) noexcept;
  [[nodiscard]] Bytes unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
  void use(std::size_t bytes) noexcept { begin_ += bytes; }
  void send_all(Bytes bytes);
  /// Gives the receive buffer back, for connections that stay idle.
  void drop_buffer() noexcept { buffer_.reset(); }

  /// How long receive() waits.
  void set_receive_timeout(double seconds) noexcept;
  /// Throws Failure if the frame closes channel or connection.
  static void check_close(const amqp::FrameCut& frame);

 private:
  void log_in(const Target& target);
  amqp::FrameCut next_frame();
  void say_good_bye();

  int socket_ = -1;
  std::uint32_t frame_max_ = amqp::frame_bytes_min;
  std::string output_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Connects a socket, without a word of AMQP. Throws Failure.
[[nodiscard]] int dial(const Target& target);

}  // namespace tern::perf
