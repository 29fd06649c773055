// Channel: one AMQP channel of a session, seen from the client. Requests are answered in order;
// content is put together from its frames. Pure; owned by the session, used by one part of the
// machine, its listener.
//
// A message whose frames came in one piece of input stays where it was read, in the slab; any other
// is copied into a slab of its own.
#pragma once

#include <functional>

#include "amqp/encoder.hpp"
#include "amqp/methods.hpp"
#include "amqp/ring.hpp"
#include "base/slab.hpp"
#include "ternmq/delivery.hpp"

namespace tern::client {

using ternmq::error_info;
using ternmq::detail::content;

/// The answer to a request, or the error that ended the channel before it came.
struct Reply {
  const error_info* error = nullptr;
  std::string_view name{};  ///< of a queue or consumer
  std::uint32_t messages = 0;
  std::uint32_t consumers = 0;
  bool is_empty = false;  ///< of basic.get: there is no message
};
using OnReply = std::function<void(const Reply&)>;

struct Confirm {
  std::uint64_t tag = 0;
  bool multiple = false;
  bool is_ack = true;
};

struct Return {
  std::uint16_t code = 0;
  std::string_view text{};
};

/// What comes on a channel unasked. The channel is in use until channel_closed(); when the whole
/// connection is lost, its owner tells the parts.
class ChannelListener {
 public:
  /// The broker has closed the channel. Requests without a reply have been told before.
  virtual void channel_closed(const error_info& why) = 0;
  virtual void confirmed(const Confirm&) {}
  virtual void returned(const Return&, content) {}
  virtual void delivered(std::uint64_t, bool, content) {}
  virtual void consumer_cancelled() {}

 protected:
  ~ChannelListener() = default;
};

class Channel {
 public:
  Channel(std::string& out, std::uint32_t frame_max, std::uint16_t number,
          ChannelListener& listener)
      : out_(out), frame_max_(frame_max), number_(number), listener_(&listener) {}

  /// Sends a request; `on_reply` is called with its answer.
  template <class Method>
  void call(const Method& method, OnReply on_reply) {
    writer().method(number_, method);
    pending_.push_back({Method::info.id, std::move(on_reply)});
  }
  template <class Method>
  void send(const Method& method) {
    writer().method(number_, method);
  }
  void publish(const amqp::BasicPublish& method, Bytes properties, Bytes body) {
    writer().content(number_, method, properties, body);
  }
  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

 private:
  friend class Session;
  friend struct MethodVisitor;

  enum class Assembly : std::uint8_t { idle, header_due, body_due };
  struct Request {
    amqp::MethodId method;
    OnReply on_reply;
  };

  [[nodiscard]] amqp::FrameWriter writer() noexcept { return {out_, frame_max_}; }

  // Each returns false for what the protocol does not allow here.
  [[nodiscard]] bool on_reply(amqp::MethodId id, const Reply& reply);
  [[nodiscard]] bool on_deliver(const amqp::BasicDeliver& method);
  [[nodiscard]] bool on_get_ok(const amqp::BasicGetOk& method);
  [[nodiscard]] bool on_return(const amqp::BasicReturn& method);
  [[nodiscard]] bool on_header(const amqp::ContentHeader& header, SlabLease& lease);
  [[nodiscard]] bool on_body(Bytes piece, SlabLease& lease);
  void on_closed(const error_info& why);
  /// The input buffer goes away: copies what is needed of it.
  void keep();
  [[nodiscard]] bool is_assembling() const noexcept { return assembly_ != Assembly::idle; }
  void begin_content(Bytes exchange, Bytes routing_key) noexcept;
  void finish_content(SlabLease& lease);
  [[nodiscard]] content take_content(SlabLease& lease);

  std::string& out_;
  std::uint32_t frame_max_;
  std::uint16_t number_;
  ChannelListener* listener_;
  bool is_closing_ = false;  // channel.close has been sent
  amqp::Ring<Request> pending_;

  Assembly assembly_ = Assembly::idle;
  bool is_return_ = false;
  bool is_redelivered_ = false;
  bool is_kept_ = false;  // the views point into kept_
  std::uint16_t reply_code_ = 0;
  std::uint64_t tag_ = 0;
  std::uint64_t body_bytes_ = 0;
  Bytes exchange_, routing_key_, properties_, body_;
  std::string reply_text_;
  std::string kept_names_, kept_properties_, kept_body_;
};

}  // namespace tern::client
