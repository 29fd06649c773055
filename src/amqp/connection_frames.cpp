// Connection: from bytes to frames to methods, and the life of channels.
#include <concepts>

#include "amqp/connection.hpp"
#include "amqp/reply_address.hpp"

namespace tern::amqp {
namespace {

/// The longest frame before connection.open: long tokens are sent as passwords.
constexpr std::uint32_t frame_bytes_before_open = 8192;

constexpr Bytes close_ok_frame{"\x01\0\0\0\0\0\x04\0\x0A\0\x33\xCE", 12};

// Whether a method can be taken while declarations are on their way that nothing can refuse any
// more: if it is decided by the writer of the topology, who knows of them. The queue declared last
// is not known yet, so that a name must be given.
template <class Method>
bool may_follow_declarations(const Method& method) {
  if constexpr (std::same_as<Method, QueueDeclare>)
    return !method.passive && !method.queue.empty() && method.queue != reply_queue_name;
  else if constexpr (std::same_as<Method, QueueBind>)
    return !method.queue.empty();
  else
    return false;
}

}  // namespace

std::size_t Connection::feed(SlabLease& lease, const char* begin, std::size_t size, Time now) {
  now_ = now;
  last_input_ = now;
  bytes_wanted_ = 0;
  std::size_t used = phase_ == Phase::header ? take_protocol_header(begin, size) : 0;
  if (phase_ != Phase::header) take_frames(lease, {begin, size}, used);
  if (content_channel_ != nullptr) {
    content_channel_->keep_content();
    content_channel_ = nullptr;
  }
  context_.settles.flush();
  check_wish();
  if (phase_ == Phase::closed) used = size;
  return used;
}

std::size_t Connection::take_protocol_header(const char* begin, std::size_t size) {
  switch (check_protocol_header({begin, size})) {
    case HeaderStatus::need_more:
      bytes_wanted_ = protocol_header_bytes;
      return 0;
    case HeaderStatus::refused:
      context_.output.append(protocol_header);
      context_.wake_writer();
      hang_up();
      return size;
    case HeaderStatus::accepted:
      break;
  }
  phase_ = Phase::handshake;
  handshake_ = std::make_unique<Handshake>(context_, peer_.is_loopback);
  handshake_->start();
  return protocol_header_bytes;
}

void Connection::take_frames(SlabLease& lease, Bytes input, std::size_t& used) {
  while (used < input.size() && wants_input()) {
    if (phase_ == Phase::deaf || phase_ == Phase::refused) {
      if (phase_ == Phase::deaf) take_deaf(input.substr(used));
      used = input.size();
      return;
    }
    if (!context_.operations.empty() && has_to_wait(input.substr(used))) [[unlikely]]
      return context_.operations.hold();
    const std::uint32_t limit = handshake_ ? frame_bytes_before_open : context_.frame_max;
    const FrameCut cut = cut_frame(input.substr(used), limit);
    if (cut.status == FrameStatus::need_more) {
      bytes_wanted_ = cut.bytes;
      return;
    }
    if (cut.status != FrameStatus::complete) {
      // Behind a frame that is too long nobody knows where the next one begins.
      const bool is_lost = cut.status == FrameStatus::too_large;
      if (!is_lost) used += cut.bytes;
      guarded(0, [&] { throw frame_error(cut, limit); });
      if (is_lost && phase_ == Phase::closing) phase_ = Phase::deaf;
      continue;
    }
    take_frame(cut, lease);
    if (std::exchange(context_.take_again, false)) return;
    context_.may_move = true;
    used += cut.bytes;
  }
}

// Whether the frame that `input` begins with has to wait until the declarations under way are over.
// Kept out of the loop over frames, which is hot.
[[gnu::noinline]] bool Connection::has_to_wait(Bytes input) const {
  const FrameCut cut = cut_frame(input, context_.frame_max);
  if (phase_ != Phase::running || cut.status != FrameStatus::complete ||
      cut.type() == FrameType::heartbeat)
    return false;
  bool may_follow = false;
  if (cut.type() == FrameType::method && cut.channel != 0) {
    static_cast<void>(visit_method(
        cut.payload, [&](const auto& method) { may_follow = may_follow_declarations(method); }));
  }
  return !may_follow;
}

void Connection::take_frame(const FrameCut& cut, SlabLease& lease) {
  if (phase_ == Phase::closing) {
    take_while_closing(cut);
    return;
  }
  if (cut.type() == FrameType::heartbeat) return;
  guarded(cut.channel, [&] {
    if (cut.channel == 0)
      take_connection_method(cut.payload);
    else
      take_channel_frame(cut, lease);
  });
}

// Only the end of the closing handshake counts; everything else was sent before the client knew.
void Connection::take_while_closing(const FrameCut& cut) {
  if (cut.type() != FrameType::method || cut.channel != 0) return;
  const auto id = read_method_id(cut.payload);
  if (id == ConnectionCloseOk::info.id) hang_up();
  if (id == ConnectionClose::info.id) close_by_client();
}

void Connection::take_deaf(Bytes input) {
  if (input.find(close_ok_frame) != Bytes::npos) hang_up();
}

// RabbitMQ just closes the socket on a method that does not exist.
void Connection::report_fault(const MethodFault& fault, Bytes payload) {
  if (const auto error = to_connection_error(fault, payload)) throw ConnectionError(*error);
  hang_up();
}

// --- channel 0 ----------------------------------------------------------------------------------

template <class Method>
void Connection::dispatch_connection(const Method& method) {
  if constexpr (std::same_as<Method, ConnectionClose>) {
    close_by_client();
  } else if (handshake_) {
    if constexpr (requires { handshake_->on(method); })
      follow(handshake_->on(method));
    else
      hang_up();
  } else if constexpr (std::same_as<Method, ConnectionUpdateSecret>) {
    // Users of the internal store have nothing that could expire: the new secret is not needed.
    context_.send(0, ConnectionUpdateSecretOk{});
  } else {
    throw ConnectionError(ReplyCode::channel_error, "unexpected method in connection state running",
                          Method::info.id);
  }
}

void Connection::take_connection_method(Bytes payload) {
  const auto fault =
      visit_method(payload, [&](const auto& method) { dispatch_connection(method); });
  if (fault) report_fault(*fault, payload);
}

void Connection::follow(Handshake::Verdict verdict) {
  switch (verdict) {
    case Handshake::Verdict::go_on:
      return;
    case Handshake::Verdict::opened:
      channel_max_ = handshake_->channel_max();
      heartbeat_seconds_ = handshake_->heartbeat_seconds();
      handshake_.reset();
      phase_ = Phase::running;
      last_output_ = now_;
      return;
    case Handshake::Verdict::hang_up:
      hang_up();
      return;
    case Handshake::Verdict::hang_up_later:
      phase_ = Phase::refused;
      phase_since_ = now_;
      return;
  }
}

// --- channels -----------------------------------------------------------------------------------

Connection::Slot* Connection::find_slot(std::uint16_t number) noexcept {
  if (cached_slot_ != nullptr && cached_number_ == number) return cached_slot_;
  const auto found = slots_.find(number);
  if (found == slots_.end()) return nullptr;
  cached_number_ = number;
  return cached_slot_ = &found->second;
}

Channel* Connection::find_channel(ChannelInstance instance) noexcept {
  if (cached_channel_ != nullptr && cached_channel_->instance() == instance) return cached_channel_;
  const auto found = channels_.find(instance);
  if (found == channels_.end()) return nullptr;
  return cached_channel_ = found->second;
}

void Connection::take_channel_frame(const FrameCut& cut, SlabLease& lease) {
  if (handshake_) {
    hang_up();
    return;
  }
  if (cut.type() == FrameType::method) {
    const auto fault = visit_method(
        cut.payload, [&](const auto& method) { dispatch_channel(cut.channel, method); });
    if (fault) report_fault(*fault, cut.payload);
    return;
  }
  Slot* const slot = find_slot(cut.channel);
  if (slot == nullptr)
    throw ConnectionError(ReplyCode::unexpected_frame,
                          "expected method frame, got non method frame instead");
  if (!slot->channel) return;
  Channel& channel = *slot->channel;
  if (cut.type() == FrameType::body) {
    channel.on_body(cut.payload, lease);
    return;
  }
  note_content(channel);
  channel.on_header(cut.payload, lease);
}

template <class Method>
void Connection::dispatch_channel(std::uint16_t number, const Method& method) {
  Slot* const slot = find_slot(number);
  if constexpr (std::same_as<Method, ChannelOpen>) {
    open_channel(number, slot);
  } else {
    if (slot == nullptr)
      throw ConnectionError(ReplyCode::channel_error, "expected 'channel.open'", Method::info.id);
    if (!slot->channel) {
      if constexpr (std::same_as<Method, ChannelCloseOk>) {
        cached_slot_ = nullptr;
        slots_.erase(number);
      } else if constexpr (std::same_as<Method, ChannelClose>) {
        slot->client_closed = true;
        context_.send(number, ChannelCloseOk{});
      }
      return;
    }
    Channel& channel = *slot->channel;
    channel.expect_method();
    if constexpr (std::same_as<Method, ChannelClose>) {
      close_channel_by_client(number, *slot);
    } else if constexpr (requires { channel.on(method); }) {
      channel.on(method);
      if constexpr (std::same_as<Method, BasicPublish>) note_content(channel);
    } else {
      throw ConnectionError(ReplyCode::command_invalid, "unimplemented method", Method::info.id);
    }
  }
}

// At most one content refers to the input: when channels interleave, the earlier one is copied.
void Connection::note_content(Channel& channel) noexcept {
  if (content_channel_ != nullptr && content_channel_ != &channel) content_channel_->keep_content();
  content_channel_ = &channel;
}

void Connection::open_channel(std::uint16_t number, const Slot* slot) {
  if (slot != nullptr && slot->channel) {
    slot->channel->expect_method();
    throw ConnectionError(ReplyCode::channel_error, "second 'channel.open' seen",
                          ChannelOpen::info.id);
  }
  if (slot != nullptr && !slot->client_closed) return;  // sent before channel.close was seen
  if (slot == nullptr && slots_.size() >= channel_max_)
    throw ConnectionError(ReplyCode::not_allowed, "number of channels opened (" +
                                                      std::to_string(slots_.size()) +
                                                      ") has reached the negotiated channel_max (" +
                                                      std::to_string(channel_max_) + ")");
  if (const auto refusal = context_.broker().open_channel(context_.caller.session))
    throw_broker_error(*refusal, {});
  const ChannelInstance instance = ++last_instance_;
  cached_slot_ = nullptr;
  Slot& opened = slots_[number];
  opened = Slot{std::make_unique<Channel>(context_, number, instance), false};
  channels_.emplace(instance, opened.channel.get());
  context_.send(number, ChannelOpenOk{});
}

void Connection::close_channel_by_client(std::uint16_t number, Slot& slot) {
  write_due_confirms();
  release_channel(slot);
  cached_slot_ = nullptr;
  slots_.erase(number);
  context_.send(number, ChannelCloseOk{});
}

}  // namespace tern::amqp
