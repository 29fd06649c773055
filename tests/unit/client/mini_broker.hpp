// MiniBroker: as much of a broker as the client's tests need, in memory and without sockets:
// queues that messages go to by name, confirms, deliveries, requeueing when a connection ends.
// Exact where the client could go wrong, absent elsewhere.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "amqp/encoder.hpp"
#include "amqp/methods.hpp"

namespace tern::client {

class MiniBroker {
 public:
  struct Message {
    std::string exchange, key, properties, body;
    bool is_redelivered = false;
  };
  std::map<std::string, std::deque<Message>> queues;
  std::size_t acked = 0;           ///< deliveries acknowledged, on all connections
  std::size_t published = 0;       ///< messages that have come, on all connections
  std::set<std::string> declared;  ///< exchanges and queues of the current connection's requests
  bool nacks = false;              ///< refuse what is published
  std::uint32_t frame_max = 131'072;
  std::uint16_t heartbeat = 0;
};

/// One connection to it. What it has to say is in `out`.
class MiniConnection {
 public:
  explicit MiniConnection(MiniBroker& broker) : broker_(broker) {}
  ~MiniConnection();

  void feed(Bytes bytes);
  std::string out;
  std::size_t publishes = 0;         ///< on this connection
  std::vector<std::string> methods;  ///< names of what has come, in order
  std::size_t ack_frames = 0;
  bool holds_confirms = false;  ///< they are due when confirm_all() is called
  bool is_closed = false;

  /// One ack with multiple for all that is published on `channel`.
  void confirm_all(std::uint16_t channel);
  template <class Method>
  void send(std::uint16_t channel, const Method& method) {
    amqp::FrameWriter(out, broker_.frame_max).method(channel, method);
  }

 private:
  struct Consumer {
    std::string queue, tag;
    bool no_ack = false;
    std::size_t prefetch = 0;
  };
  struct Channel {
    bool is_confirming = false;
    std::uint64_t published = 0;
    std::uint64_t delivered = 0;
    std::size_t prefetch = 0;
    std::map<std::uint64_t, std::pair<std::string, MiniBroker::Message>> unacked;
    std::vector<Consumer> consumers;
    // The publish that is being put together.
    MiniBroker::Message message;
    bool is_mandatory = false;
    std::uint64_t body_due = 0;
  };
  friend struct MiniVisitor;

  void on_frame(const amqp::FrameCut& frame);
  void route(std::uint16_t number, Channel& channel);
  void pump();
  void settle(Channel& channel, std::uint64_t tag, bool multiple, bool requeue, bool is_ack);

  MiniBroker& broker_;
  std::string in_;
  bool has_header_ = false;
  std::map<std::uint16_t, Channel> channels_;
};

}  // namespace tern::client
