// ShardThread: the thread of one shard: its event loop, its links, and the turn (design: read
// sockets, run machines, route, hand over, flush once).
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <thread>
#include <unordered_set>
#include <vector>

#include "amqp/transport.hpp"
#include "base/slab.hpp"
#include "broker/shard.hpp"

namespace tern::net {

class Link;

class ShardThread {
 public:
  explicit ShardThread(const amqp::ConnectionOptions& options);
  ~ShardThread();

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  /// Any thread: runs a turn soon.
  void wake();
  using Peers = std::vector<std::unique_ptr<ShardThread>>;

  /// Starts the thread; `shard` and all threads, by shard, outlive it.
  void start(broker::Shard& shard, const Peers& peers);
  /// Any thread: ends the loop after one last turn, closing what is still open.
  void stop();
  void join();
  /// Any thread: takes over an accepted socket of this thread's context, which `peer` is behind.
  void adopt(boost::asio::ip::tcp::socket socket, const boost::asio::ip::tcp::endpoint& peer);
  [[nodiscard]] std::size_t link_count() const noexcept {
    return link_count_.load(std::memory_order_relaxed);
  }

  // --- for links, on the thread -----------------------------------------------------------------
  [[nodiscard]] broker::Shard& shard() noexcept { return *shard_; }
  [[nodiscard]] const amqp::ConnectionOptions& options() const noexcept { return options_; }
  /// The time of this turn.
  [[nodiscard]] Time now();
  void note_output(Link& link);
  void note_input(Link& link);
  void note_closed(Link& link);
  void note_move(Link& link, ShardId to);
  /// The slab that links share while they have nothing unread.
  [[nodiscard]] SlabLease borrow_slab();
  void return_slab(SlabLease lease);

 private:
  void run();
  void run_turn();
  void poll_more();
  void tick_links();
  void close_all();
  void move_links();

  amqp::ConnectionOptions options_;
  boost::asio::io_context context_{1};
  // Without it a context that has no sockets returns at once from every wait.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_waiting_{
      context_.get_executor()};
  broker::Shard* shard_ = nullptr;
  const Peers* peers_ = nullptr;
  std::thread thread_;
  Clock clock_;
  Time now_{};
  Time next_tick_{};
  bool is_in_turn_ = false;
  int polls_in_vain_ = 0;
  int turns_unpolled_ = 0;
  std::atomic<bool> is_stopping_{false};

  std::unordered_set<std::shared_ptr<Link>> links_;
  std::atomic<std::size_t> link_count_{0};
  std::vector<std::shared_ptr<Link>> with_output_;
  std::vector<std::shared_ptr<Link>> with_input_;
  std::vector<std::shared_ptr<Link>> closed_;
  std::vector<std::pair<std::shared_ptr<Link>, ShardId>> moving_;
  SlabLease shared_slab_;
};

}  // namespace tern::net
