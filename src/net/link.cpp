#include "net/link.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <cstring>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "net/shard_thread.hpp"

namespace tern::net {
namespace {

using boost::asio::ip::tcp;

// Bytes read from one socket before the others get their turn.
constexpr std::size_t read_bytes_per_turn = 256 * 1024;
// Less than this left unread is copied aside, so that a slow sender does not pin a slab.
constexpr std::size_t carry_bytes_max = 4 * 1024;
// The least room worth a recv.
constexpr std::size_t read_room_min = 16 * 1024;
// After close: how long the peer may take to close its side, so that it reads our last frame
// before a reset reaches it.
constexpr Millis linger{1000};
// The same for a peer that has said goodbye and is to close first. RabbitMQ waits even longer.
constexpr Millis linger_for_goodbye{15'000};
constexpr std::size_t slices_per_write = 64;

amqp::Peer peer_of(const tcp::endpoint& endpoint) {
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  return {address.is_loopback(), address.to_string() + ":" + std::to_string(endpoint.port())};
}

}  // namespace

Link::Link(ShardThread& thread, tcp::socket socket, const tcp::endpoint& peer,
           const amqp::ConnectionOptions& options)
    : thread_(&thread),
      socket_(std::move(socket)),
      machine_(thread.shard(), *this, options, peer_of(peer), thread.now()) {}

Link::~Link() {
  close();
}

void Link::start() {
  boost::system::error_code error;
  socket_.non_blocking(true, error);
  if (error) {
    log_warn("net", "cannot set up an accepted socket, closing it: {}", error.message());
    return thread_->note_closed(*this);
  }
  arm_read();
}

// --- reading
// --------------------------------------------------------------------------------------

// Answers come first: arming mostly costs a system call, which they need not wait for.
void Link::read_on() {
  if (is_output_noted_)
    is_read_due_ = true;
  else if (is_closing_ || machine_.wants_input())
    arm_read();
}

void Link::arm_read() {
  if (is_read_armed_ || is_closed_) return;
  is_read_armed_ = true;
  if (sends_little_ && !is_closing_) return arm_receive();
  socket_.async_wait(tcp::socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->is_read_armed_ = false;
                       if (error || self->is_closed_) return;
                       static_cast<void>(self->thread_->now());
                       self->on_readable();
                     });
}

void Link::arm_receive() {
  socket_.async_receive(
      boost::asio::buffer(landing_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
        self->is_read_armed_ = false;
        if (error == boost::asio::error::operation_aborted || self->is_closed_) return;
        static_cast<void>(self->thread_->now());
        if (!error) return self->on_received(bytes);
        self->is_closing_ = true;
        self->thread_->note_closed(*self);
      });
}

// Also when the machine has meanwhile stopped taking input: then the bytes are kept for it.
void Link::on_received(std::size_t bytes) {
  if (is_closing_) return arm_read();
  prepare_slab();
  std::memcpy(lease_->free_begin(), landing_.data(), bytes);
  if (unread_bytes_ == 0) unread_ = lease_->free_begin();
  lease_->advance(bytes);
  unread_bytes_ += bytes;
  if (machine_.wants_input())
    feed_unread();
  else
    keep_or_release_slab();
  if (bytes == landing_.size()) return on_readable();
  read_on();
}

void Link::on_readable() {
  if (is_closing_) return discard_input();
  std::size_t taken = 0;
  while (machine_.wants_input() && taken < read_bytes_per_turn) {
    const Read read = read_once();
    if (read.bytes == 0) break;
    taken += read.bytes;
    feed_unread();
    if (is_closing_ || read.is_all) break;
  }
  sends_little_ = taken < landing_.size();
  read_on();
}

Link::Read Link::read_once() {
  prepare_slab();
  // The back of the slab is for the structures of the messages that are read now; small messages
  // need nearly as much there as they take on the wire.
  const std::size_t room = std::max(lease_->free_bytes() * 5 / 8, machine_.bytes_wanted());
  const std::size_t asked = std::min(room, lease_->free_bytes());
  const ssize_t got = ::recv(socket_.native_handle(), lease_->free_begin(), asked, 0);
  if (got > 0) {
    if (unread_bytes_ == 0) unread_ = lease_->free_begin();
    lease_->advance(static_cast<std::size_t>(got));
    unread_bytes_ += static_cast<std::size_t>(got);
    // A read that was not filled has emptied the socket; asking again would only say so.
    return {static_cast<std::size_t>(got), static_cast<std::size_t>(got) < asked};
  }
  keep_or_release_slab();
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {};
  is_closing_ = true;
  thread_->note_closed(*this);
  return {};
}

void Link::prepare_slab() {
  if (!lease_) lease_ = thread_->borrow_slab();
  const Bytes unread = carry_.empty() ? Bytes(unread_, unread_bytes_) : Bytes(carry_);
  const std::size_t wanted = std::max(machine_.bytes_wanted(), read_room_min);
  const std::size_t missing = wanted > unread.size() ? wanted - unread.size() : read_room_min;
  const bool in_place = carry_.empty() && unread_bytes_ > 0;
  const std::size_t needed = missing + (in_place ? 0 : unread.size());
  if (lease_->free_bytes() < needed + read_room_min) {
    // Room for the whole frame and for the structures of its messages.
    SlabLease larger(Slab::create(wanted + unread.size() + 2 * read_room_min));
    std::memcpy(larger->free_begin(), unread.data(), unread.size());
    unread_ = larger->free_begin();
    larger->advance(unread.size());
    unread_bytes_ = unread.size();
    carry_ = {};
    lease_ = std::move(larger);
    return;
  }
  if (carry_.empty()) return;
  std::memcpy(lease_->free_begin(), carry_.data(), carry_.size());
  unread_ = lease_->free_begin();
  lease_->advance(carry_.size());
  unread_bytes_ = carry_.size();
  carry_ = {};
}

void Link::feed_unread() {
  const std::size_t used = machine_.feed(lease_, unread_, unread_bytes_, thread_->now());
  ensure(used <= unread_bytes_, "the machine used more than it was given");
  unread_ += used;
  unread_bytes_ -= used;
  keep_or_release_slab();
}

void Link::keep_or_release_slab() {
  if (!lease_ || unread_bytes_ > carry_bytes_max) return;
  if (unread_bytes_ > 0) {
    carry_.assign(unread_, unread_bytes_);
    lease_->retreat(unread_bytes_);
    unread_bytes_ = 0;
  }
  unread_ = nullptr;
  thread_->return_slab(std::exchange(lease_, {}));
}

void Link::resume_input() {
  is_input_noted_ = false;
  if (is_closed_ || is_closing_) return;
  if (machine_.wants_input() && unread_bytes_ + carry_.size() > 0) {
    if (unread_bytes_ == 0) prepare_slab();
    feed_unread();
  }
  if (!is_closing_ && machine_.wants_input()) arm_read();
}

void Link::discard_input() {
  std::array<char, 16 * 1024> scratch;
  const ssize_t got = ::recv(socket_.native_handle(), scratch.data(), scratch.size(), 0);
  const bool is_over = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  if (is_over) return thread_->note_closed(*this);
  arm_read();
}

// --- writing
// --------------------------------------------------------------------------------------

void Link::flush() {
  is_output_noted_ = false;
  if (is_closed_) return;
  write();
  if (std::exchange(is_read_due_, false)) read_on();
}

void Link::write() {
  machine_.before_flush();
  const amqp::Output& output = machine_.output();
  while (output.pending_bytes() > 0) {
    std::array<amqp::OutputSlice, slices_per_write> slices;
    std::array<iovec, slices_per_write> vectors;
    const std::size_t count = output.gather(slices);
    for (std::size_t at = 0; at < count; ++at)
      vectors[at] = {const_cast<char*>(slices[at].data), slices[at].size};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return arm_write();
      return thread_->note_closed(*this);
    }
    machine_.sent(static_cast<std::size_t>(sent));
  }
  if (is_closing_) finish_closing();
}

void Link::arm_write() {
  if (is_write_armed_) return;
  is_write_armed_ = true;
  socket_.async_wait(tcp::socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->is_write_armed_ = false;
                       if (error || self->is_closed_) return;
                       static_cast<void>(self->thread_->now());
                       self->flush();
                     });
}

// --- moving
// ---------------------------------------------------------------------------------------

bool Link::is_at_rest() {
  if (is_read_armed_) {
    boost::system::error_code error;
    socket_.cancel(error);
  }
  return !is_read_armed_ && !is_write_armed_ && machine_.output().pending_bytes() == 0;
}

bool Link::leave(ShardThread& target) {
  if (is_closing_ || !machine_.leave()) return false;
  boost::system::error_code error;
  const auto protocol = socket_.local_endpoint(error).protocol();
  tcp::socket moved(target.context());
  if (!error) {
    const auto descriptor = socket_.release(error);
    if (!error) moved.assign(protocol, descriptor, error);
  }
  if (error) {
    machine_.arrive(thread_->shard(), thread_->now());
    thread_->note_closed(*this);
    return false;
  }
  socket_ = std::move(moved);
  if (unread_bytes_ > 0) {
    carry_.assign(unread_, unread_bytes_);
    unread_bytes_ = 0;
    unread_ = nullptr;
  }
  lease_.reset();
  thread_ = &target;
  return true;
}

void Link::arrive() {
  machine_.arrive(thread_->shard(), thread_->now());
  input_resumed();
}

// --- closing
// --------------------------------------------------------------------------------------

void Link::finish_closing() {
  if (is_lingering_) return;
  is_lingering_ = true;
  linger_until_ = thread_->now() + (peer_first_ ? linger_for_goodbye : linger);
  boost::system::error_code error;
  if (!peer_first_) socket_.shutdown(tcp::socket::shutdown_send, error);
  arm_read();
}

void Link::tick(Time now) {
  if (is_closed_) return;
  if (is_lingering_) {
    if (now >= linger_until_) thread_->note_closed(*this);
    return;
  }
  machine_.tick(now);
}

void Link::close() {
  if (std::exchange(is_closed_, true)) return;
  machine_.connection_lost();
  boost::system::error_code error;
  socket_.close(error);
  lease_.reset();
  carry_ = {};
  unread_bytes_ = 0;
}

void Link::output_pending() {
  if (!std::exchange(is_output_noted_, true)) thread_->note_output(*this);
}

void Link::input_resumed() {
  if (!std::exchange(is_input_noted_, true)) thread_->note_input(*this);
}

void Link::move_wanted(ShardId to) {
  thread_->note_move(*this, to);
}

void Link::close_when_flushed(bool peer_first) {
  is_closing_ = true;
  peer_first_ = peer_first;
  output_pending();
}

void Link::abort() {
  is_closing_ = true;
  thread_->note_closed(*this);
}

}  // namespace tern::net
