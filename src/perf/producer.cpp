#include "perf/producer.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "amqp/methods_basic.hpp"
#include "amqp/methods_connection.hpp"
#include "perf/interrupt.hpp"

namespace tern::perf {
namespace {

constexpr std::size_t batch_bytes_wanted = 64 << 10;
constexpr std::size_t confirm_buffer_bytes = 256 << 10;
constexpr Nanos confirm_patience = 60 * nanos_per_second;

// What this producer's part of --count is.
std::uint64_t part_of(std::uint64_t count, unsigned producers, unsigned index) {
  if (count == 0) return ~std::uint64_t{0};
  return count / producers + (index < count % producers ? 1 : 0);
}

}  // namespace

void Producer::run(RunState& state, unsigned index) {
  ProducerFigures& figures = state.producers[index];
  // Timers as exact as the kernel has them; the default slack is 50 µs, a whole round trip.
  ::prctl(PR_SET_TIMERSLACK, 1);
  try {
    Producer producer(state, index);
    producer.work();
    figures.is_sending = false;
    producer.connection_.close();
  } catch (const Failure& failure) {
    figures.error = failure.what();
    state.give_up();
  }
  figures.is_sending = false;
  figures.has_ended = true;
}

Producer::Producer(RunState& state, unsigned index)
    : state_(state),
      options_(state.options),
      figures_(state.producers[index]),
      index_(index),
      connection_(options_.target, confirm_buffer_bytes),
      window_(options_.confirm),
      limit_(part_of(options_.count, options_.producers, index)),
      batch_bytes_(batch_bytes_wanted) {
  if (window_.is_used()) connection_.ask<amqp::ConfirmSelectOk>(amqp::ConfirmSelect{});
  for (const unsigned queue : state.streams.queues_of_producer(index)) {
    lanes_.push_back({MessageTemplate(options_, queue, connection_.frame_max()),
                      state.streams.streams_of(queue, index)});
    batch_bytes_ = std::max(batch_bytes_, lanes_.back().message.bytes());
  }
  buffer_.resize(batch_bytes_);
}

void Producer::work() {
  state_.wait_for_start();
  pace_ = Pace({options_.rate, options_.producers, index_}, state_.start);
  Nanos last_progress = now_nanos();
  while (!is_done() && !state_.is_over()) {
    const Nanos now = now_nanos();
    check_end(now);
    if (begin_ == end_ && !is_blocked_ && figures_.is_sending.load(std::memory_order_relaxed))
      fill(now);
    bool has_progressed = write();
    // Without confirms there is rarely something to read, and looking costs a system call.
    const bool is_time_to_read = window_.is_used() ? window_.outstanding() != 0 || !has_progressed
                                                   : !has_progressed || ++writes_ % 16 == 0;
    if (is_time_to_read) has_progressed |= read();
    if (has_progressed) {
      last_progress = now;
      continue;
    }
    if (!figures_.is_sending && now - last_progress > confirm_patience)
      throw Failure(fmt::format("the broker has not confirmed {} messages for {} s",
                                window_.outstanding(), confirm_patience / nanos_per_second));
    wait();
  }
}

bool Producer::is_done() const noexcept {
  return !figures_.is_sending.load(std::memory_order_relaxed) && begin_ == end_ &&
         window_.outstanding() == 0;
}

void Producer::check_end(Nanos now) noexcept {
  if (sent_ >= limit_ || now >= state_.stop_sending.load(std::memory_order_relaxed) ||
      is_interrupted())
    figures_.is_sending.store(false, std::memory_order_relaxed);
}

void Producer::fill(Nanos now) {
  begin_ = end_ = 0;
  const std::uint64_t due = std::min(limit_, pace_.due(now));
  while (sent_ < due && window_.has_room()) {
    Lane& lane = lanes_[lane_];
    if (end_ + lane.message.bytes() > batch_bytes_) break;
    const Nanos intended = pace_.is_open_loop() ? pace_.intended(sent_) : now;
    const Stamp stamp{static_cast<std::uint16_t>(index_), lane.next++};
    lane.message.write(buffer_.data() + end_, stamp, intended);
    end_ += lane.message.bytes();
    if (window_.is_used()) window_.published(intended);
    if (++lane_ == lanes_.size()) lane_ = 0;
    ++sent_;
  }
  if (end_ != 0) note_sent();
}

// Before the messages are sent: a consumer must never see one that is not in the book.
void Producer::note_sent() noexcept {
  figures_.sent.set(sent_);
  for (const Lane& lane : lanes_) {
    for (const std::size_t stream : lane.streams)
      state_.streams[stream].sent.store(lane.next, std::memory_order_release);
  }
}

bool Producer::write() {
  if (begin_ == end_) return false;
  const ssize_t sent = ::send(connection_.socket(), buffer_.data() + begin_, end_ - begin_,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) {
    begin_ += static_cast<std::size_t>(sent);
    return true;
  }
  if (errno == EAGAIN || errno == EINTR) return false;
  const int code = errno;
  // The broker may have said why before it closed the socket.
  while (read()) continue;
  throw Failure("cannot send to the broker: " + std::generic_category().message(code));
}

bool Producer::read() {
  const ssize_t received = connection_.receive(MSG_DONTWAIT);
  if (received == 0) throw Failure("the broker closed the socket of a producer");
  if (received < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    throw Failure("cannot read from the broker: " + std::generic_category().message(errno));
  }
  const Nanos now = now_nanos();
  for (;;) {
    const amqp::FrameCut frame = amqp::cut_frame(connection_.unread(), connection_.frame_max());
    if (frame.status == amqp::FrameStatus::need_more) return true;
    if (frame.status != amqp::FrameStatus::complete)
      throw Failure("the broker sent a malformed frame");
    connection_.use(frame.bytes);
    if (frame.type() == amqp::FrameType::method) on_frame(frame, now);
  }
}

void Producer::on_frame(const amqp::FrameCut& frame, Nanos now) {
  const auto id = amqp::read_method_id(frame.payload).value_or(amqp::MethodId{});
  if (id == amqp::BasicAck::info.id) return on_confirm(frame, true, now);
  if (id == amqp::BasicNack::info.id) return on_confirm(frame, false, now);
  if (id == amqp::BasicReturn::info.id) {
    figures_.returned.add(1);
  } else if (id == amqp::ConnectionBlocked::info.id) {
    is_blocked_ = true;
    figures_.blocked.add(1);
  } else if (id == amqp::ConnectionUnblocked::info.id) {
    is_blocked_ = false;
  } else if (id == amqp::ChannelFlow::info.id) {
    amqp::ChannelFlow flow;
    static_cast<void>(amqp::decode_arguments(frame.payload.substr(4), flow));
    is_blocked_ = !flow.active;
    // Only between two batches: a frame must not come into the middle of another one.
    if (begin_ != end_) connection_.send_all(Bytes(buffer_.data() + begin_, end_ - begin_));
    begin_ = end_ = 0;
    connection_.put(amqp::ChannelFlowOk{flow.active});
    connection_.flush();
  } else {
    Connection::check_close(frame);
  }
}

void Producer::on_confirm(const amqp::FrameCut& frame, bool is_positive, Nanos now) {
  amqp::BasicAck ack;  // A basic.nack has the same fields and one more bit.
  static_cast<void>(amqp::decode_arguments(frame.payload.substr(4), ack));
  figures_.confirm_frames.add(1);
  const std::uint64_t settled = window_.settle(ack.delivery_tag, ack.multiple, [&](Nanos sent_at) {
    if (is_positive) figures_.confirm_latency.add(now > sent_at ? now - sent_at : 0);
  });
  if (settled == 0) figures_.wrong_confirms.add(1);
  (is_positive ? figures_.confirmed : figures_.rejected).add(settled);
}

void Producer::wait() {
  Nanos longest = nanos_per_second / 20;
  const bool may_send = begin_ == end_ && window_.has_room() && sent_ < limit_;
  if (pace_.is_open_loop() && may_send && figures_.is_sending) {
    const Nanos next = pace_.intended(sent_), now = now_nanos();
    longest = std::min(longest, next > now ? next - now : 0);
  }
  pollfd ready{connection_.socket(), POLLIN, 0};
  if (begin_ != end_) ready.events |= POLLOUT;
  const timespec timeout{0, static_cast<long>(longest)};
  ::ppoll(&ready, 1, &timeout, nullptr);
}

}  // namespace tern::perf
