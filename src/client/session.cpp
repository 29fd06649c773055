#include "client/session.hpp"

#include <algorithm>
#include <limits>

#include "base/ensure.hpp"
#include "client/login.hpp"

namespace tern::client {
namespace {

using ternmq::errc;

error_info broker_error(std::uint16_t code, std::string_view text, std::uint16_t about_class,
                        std::uint16_t about_method) {
  return {.code = make_error_code(static_cast<errc>(code)),
          .text = std::string(text),
          .class_id = about_class,
          .method_id = about_method};
}

}  // namespace

Session::Session(std::string& out, const ternmq::connection_options& options,
                 SessionListener& listener, Tick now)
    : out_(out), options_(options), listener_(listener), last_read_(now), last_written_(now) {
  out_.append(amqp::protocol_header);
}

// --- what comes ---------------------------------------------------------------------------------

std::size_t Session::feed(SlabLease& lease, const char* data, std::size_t size, Tick now) {
  last_read_ = now;
  ended_.clear();
  std::size_t used = 0;
  while (state_ != State::over) {
    if (state_ == State::start_due && size - used >= 4 && Bytes(data + used, 4) == "AMQP") {
      violated("the broker speaks another version of AMQP");
      break;
    }
    const auto frame = amqp::cut_frame(Bytes(data + used, size - used), frame_max_);
    if (frame.status == amqp::FrameStatus::need_more) {
      bytes_wanted_ = frame.bytes;
      break;
    }
    if (frame.status != amqp::FrameStatus::complete) {
      violated("a frame that cannot be read");
      break;
    }
    used += frame.bytes;
    if (!on_frame(frame, lease) && state_ != State::over) violated("an unexpected frame");
  }
  for (const auto& channel : channels_)
    if (channel) channel->keep();
  return used;
}

bool Session::on_frame(const amqp::FrameCut& frame, SlabLease& lease) {
  switch (frame.type()) {
    case amqp::FrameType::heartbeat:
      return true;
    case amqp::FrameType::method:
      return on_method(frame);
    case amqp::FrameType::header: {
      Channel* to = channel(frame.channel);
      const auto header = amqp::decode_content_header(frame.payload);
      return to != nullptr && header && to->on_header(*header, lease);
    }
    case amqp::FrameType::body: {
      Channel* to = channel(frame.channel);
      return to != nullptr && to->on_body(frame.payload, lease);
    }
  }
  return false;
}

bool Session::on_start(const amqp::ConnectionStart& method) {
  if (state_ != State::start_due) return false;
  if (!offers_mechanism(method.mechanisms, options_.mechanism)) {
    end({.code = make_error_code(errc::authentication_refused),
         .text = "the broker offers only " + std::string(method.mechanisms)});
    return true;
  }
  const std::string properties = client_properties(options_);
  const std::string response = login_response(options_);
  writer().method(0, amqp::ConnectionStartOk{.client_properties = properties,
                                             .mechanism = mechanism_name(options_.mechanism),
                                             .response = response,
                                             .locale = "en_US"});
  state_ = State::tune_due;
  return true;
}

bool Session::on_tune(const amqp::ConnectionTune& method) {
  if (state_ != State::tune_due) return false;
  const std::uint32_t frame_max = lower_limit(options_.frame_max, method.frame_max);
  const auto channel_max = lower_limit(options_.channel_max, method.channel_max);
  const auto ours = static_cast<std::uint16_t>(std::min<std::int64_t>(
      options_.heartbeat.count(), std::numeric_limits<std::uint16_t>::max()));
  const auto heartbeat = ours == 0 ? ours : lower_limit(ours, method.heartbeat);
  writer().method(0,
                  amqp::ConnectionTuneOk{
                      .channel_max = channel_max, .frame_max = frame_max, .heartbeat = heartbeat});
  writer().method(0, amqp::ConnectionOpen{.virtual_host = options_.vhost});
  // 0 is "no limit"; a bound of our own keeps lengths that lie from being believed.
  constexpr std::uint32_t frame_max_unlimited = 16 * 1024 * 1024;
  frame_max_ = std::max(frame_max == 0 ? frame_max_unlimited : frame_max, amqp::frame_bytes_min);
  channel_max_ = channel_max == 0 ? std::numeric_limits<std::uint16_t>::max() : channel_max;
  heartbeat_ms_ = Tick{heartbeat} * 1000;
  state_ = State::open_due;
  return true;
}

bool Session::on_open_ok() {
  if (state_ != State::open_due) return false;
  state_ = State::open;
  listener_.session_opened();
  return true;
}

void Session::on_close(const amqp::ConnectionClose& method) {
  writer().method(0, amqp::ConnectionCloseOk{});
  auto why =
      broker_error(method.reply_code, method.reply_text, method.about_class, method.about_method);
  if (state_ == State::tune_due && why.code == errc::access_refused)
    why.code = make_error_code(errc::authentication_refused);
  end(why);
}

void Session::on_channel_close(Channel& channel, const amqp::ChannelClose& method) {
  writer().method(channel.number(), amqp::ChannelCloseOk{});
  auto owned = std::move(channels_[channel.number()]);
  owned->on_closed(
      broker_error(method.reply_code, method.reply_text, method.about_class, method.about_method));
  ended_.push_back(std::move(owned));
}

void Session::on_channel_close_ok(Channel& channel) {
  auto owned = std::move(channels_[channel.number()]);
  ended_.push_back(std::move(owned));
}

void Session::violated(const std::string& what) {
  writer().method(
      0, amqp::ConnectionClose{.reply_code = static_cast<std::uint16_t>(errc::unexpected_frame),
                               .reply_text = what});
  end({.code = make_error_code(errc::protocol_violation), .text = what});
}

void Session::end(const error_info& why) {
  if (state_ == State::over) return;
  state_ = State::over;
  listener_.session_over(why);
}

// --- time ---------------------------------------------------------------------------------------

void Session::tick(Tick now) {
  if (heartbeat_ms_ == 0 || state_ == State::over) return;
  if (now - last_read_ >= 2 * heartbeat_ms_) return end(error_of(errc::heartbeat_missed));
  if (now - last_written_ >= heartbeat_ms_ / 2) {
    writer().heartbeat();
    last_written_ = now;
  }
}

Tick Session::next_wake() const noexcept {
  if (heartbeat_ms_ == 0 || state_ == State::over) return never;
  return std::min(last_read_ + 2 * heartbeat_ms_, last_written_ + heartbeat_ms_ / 2);
}

// --- what is asked ------------------------------------------------------------------------------

Channel* Session::channel(std::uint16_t number) noexcept {
  return number < channels_.size() ? channels_[number].get() : nullptr;
}

Channel* Session::open_channel(ChannelListener& listener, OnReply on_open) {
  ensure(state_ == State::open, "a channel of a session that is not open");
  std::size_t number = 1;
  while (number < channels_.size() && channels_[number]) ++number;
  if (number > channel_max_) return nullptr;
  if (number >= channels_.size()) channels_.resize(number + 1);
  channels_[number] =
      std::make_unique<Channel>(out_, frame_max_, static_cast<std::uint16_t>(number), listener);
  channels_[number]->call(amqp::ChannelOpen{}, std::move(on_open));
  return channels_[number].get();
}

void Session::close_channel(Channel& channel, OnReply on_closed) {
  channel.listener_ = nullptr;
  channel.is_closing_ = true;
  channel.call(amqp::ChannelClose{.reply_code = 200, .reply_text = "goodbye"},
               std::move(on_closed));
}

void Session::close() {
  if (state_ == State::over || state_ == State::closing) return;
  if (state_ != State::open) return end(error_of(errc::connection_closed));
  writer().method(0, amqp::ConnectionClose{.reply_code = 200, .reply_text = "goodbye"});
  state_ = State::closing;
}

}  // namespace tern::client
