// Session: one connection to one broker, from the protocol header to the last close-ok. Takes bytes
// and the time, appends bytes to the output, tells its listener what has happened. Pure; owned by
// the machine, which makes a new one for each attempt to connect.
//
//   start due --start--> tune due --tune--> open due --open-ok--> open --close--> closing
//        \__________________\_________________\___________________\______________\__> over
#pragma once

#include <memory>
#include <vector>

#include "client/channel.hpp"
#include "client/operations.hpp"
#include "message/field_table.hpp"
#include "ternmq/options.hpp"

namespace tern::client {

class SessionListener {
 public:
  virtual void session_opened() = 0;
  /// By the broker, by a fault of the broker, or by close(): the socket is to be closed once the
  /// output is written.
  virtual void session_over(const error_info& why) = 0;
  virtual void session_blocked(bool is_blocked, std::string_view reason) = 0;

 protected:
  ~SessionListener() = default;
};

class Session {
 public:
  /// Begins with the protocol header. `out` and `options` outlive the session.
  Session(std::string& out, const ternmq::connection_options& options, SessionListener& listener,
          Tick now);

  /// Takes what has come; `lease` holds the slab that it was read into. Returns the bytes used:
  /// less than given means that a frame is incomplete, or that the session is over.
  std::size_t feed(SlabLease& lease, const char* data, std::size_t size, Tick now);
  /// Bytes that must have come before feed() gets any further.
  [[nodiscard]] std::size_t bytes_wanted() const noexcept { return bytes_wanted_; }

  /// Heartbeats, both ways.
  void tick(Tick now);
  [[nodiscard]] Tick next_wake() const noexcept;
  /// Output has been handed to the socket: no heartbeat is needed for a while.
  void wrote(Tick now) noexcept { last_written_ = now; }

  [[nodiscard]] bool is_open() const noexcept { return state_ == State::open; }
  [[nodiscard]] bool is_over() const noexcept { return state_ == State::over; }
  /// Whether the broker has accepted the login.
  [[nodiscard]] bool has_logged_in() const noexcept { return state_ > State::tune_due; }

  /// Opens a channel; `on_open` is called when it is. nullptr: there are as many as may be.
  Channel* open_channel(ChannelListener& listener, OnReply on_open);
  /// Closes it; its listener hears nothing any more, only `on_closed`.
  void close_channel(Channel& channel, OnReply on_closed);
  /// Says goodbye; session_over() follows.
  void close();

 private:
  friend struct MethodVisitor;
  enum class State : std::uint8_t { start_due, tune_due, open_due, open, closing, over };

  [[nodiscard]] bool on_frame(const amqp::FrameCut& frame, SlabLease& lease);
  [[nodiscard]] bool on_method(const amqp::FrameCut& frame);
  [[nodiscard]] bool on_start(const amqp::ConnectionStart& method);
  [[nodiscard]] bool on_tune(const amqp::ConnectionTune& method);
  [[nodiscard]] bool on_open_ok();
  void on_close(const amqp::ConnectionClose& method);
  void on_channel_close(Channel& channel, const amqp::ChannelClose& method);
  void on_channel_close_ok(Channel& channel);
  void violated(const std::string& what);
  void end(const error_info& why);
  [[nodiscard]] Channel* channel(std::uint16_t number) noexcept;
  [[nodiscard]] amqp::FrameWriter writer() noexcept { return {out_, frame_max_}; }

  std::string& out_;
  const ternmq::connection_options& options_;
  SessionListener& listener_;
  State state_ = State::start_due;
  std::uint32_t frame_max_ = amqp::frame_bytes_min;
  std::uint16_t channel_max_ = 0;
  Tick heartbeat_ms_ = 0;
  Tick last_read_;
  Tick last_written_;
  std::size_t bytes_wanted_ = amqp::frame_overhead_bytes;
  std::vector<std::unique_ptr<Channel>> channels_;  // by number, [0] unused
  std::vector<std::unique_ptr<Channel>> ended_;     // until no frame of theirs is being handled
};

}  // namespace tern::client
