// Link: one accepted socket and the connection machine behind it. Reads into slabs, feeds the
// machine, writes what it has gathered. Owned by a ShardThread, used on its thread only.
//
// Readiness call-backs rather than a pair of coroutines: a link that is held back is simply not
// armed, an idle one holds no buffer and no coroutine frames, and a write needs no waiting
// operation unless the socket is full.
//
//   readable -> recv into a slab -> Connection::feed -> (turn ends) -> flush: sendmsg
//                    ^ not armed while the machine takes no input
//
// To wait for readiness costs an epoll_ctl each time. A peer that sends little at a time is
// received from instead, into a few bytes that the link has of its own: Asio tries that once in
// vain, which is cheaper, and does it itself when there is something.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "amqp/connection.hpp"
#include "base/slab.hpp"

namespace tern::net {

class ShardThread;

class Link final : public amqp::Transport, public std::enable_shared_from_this<Link> {
 public:
  Link(ShardThread& thread, boost::asio::ip::tcp::socket socket,
       const boost::asio::ip::tcp::endpoint& peer, const amqp::ConnectionOptions& options);
  ~Link() override;

  /// Begins to read. Once, after the link is owned by its thread.
  void start();
  /// Feeds what was left when the machine paused, and reads on.
  void resume_input();
  /// Writes what is pending, as far as the socket takes it.
  void flush();
  void tick(Time now);
  /// Tells the machine that its peer is gone, and closes the socket. Idempotent.
  void close();

  [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }

  // --- moving to another thread -----------------------------------------------------------------
  /// Nothing of the socket is under way and all is written. If something is, it is told to end.
  [[nodiscard]] bool is_at_rest();
  /// Leaves this thread for another one, which calls arrive(). False: it stays after all.
  [[nodiscard]] bool leave(ShardThread& target);
  void arrive();

  // amqp::Transport: only noted here, carried out by the thread at the end of the turn.
  void output_pending() override;
  void input_resumed() override;
  void move_wanted(ShardId to) override;
  void close_when_flushed(bool peer_first) override;
  void abort() override;

 private:
  void read_on();
  void arm_read();
  void arm_receive();
  void on_received(std::size_t bytes);
  void write();
  void arm_write();
  void on_readable();
  struct Read {
    std::size_t bytes = 0;  ///< 0: there are none now, or no more at all
    bool is_all = true;     ///< nothing is left in the socket
  };
  Read read_once();
  void discard_input();
  void feed_unread();
  /// Makes room behind what is unread: at least for the frame that is incomplete.
  void prepare_slab();
  void keep_or_release_slab();
  void finish_closing();

  ShardThread* thread_;
  boost::asio::ip::tcp::socket socket_;
  amqp::Connection machine_;

  // What was read and not yet taken by the machine: in the leased slab, or, if little, in carry_.
  SlabLease lease_;
  char* unread_ = nullptr;
  std::size_t unread_bytes_ = 0;
  std::string carry_;

  std::array<char, 512> landing_;  ///< what a peer that sends little has sent
  bool sends_little_ = true;       ///< as far as the last time tells

  bool is_read_armed_ = false;
  bool is_read_due_ = false;  ///< to be armed after the output is written
  bool is_write_armed_ = false;
  bool is_output_noted_ = false;
  bool is_input_noted_ = false;
  bool is_closing_ = false;    ///< close when everything is written
  bool peer_first_ = false;    ///< the peer is about to close; only its absence makes us do it
  bool is_lingering_ = false;  ///< everything is written; waiting for the peer's end
  bool is_closed_ = false;
  Time linger_until_{};
};

}  // namespace tern::net
