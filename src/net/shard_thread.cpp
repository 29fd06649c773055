#include "net/shard_thread.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <string>

#include "base/ensure.hpp"
#include "base/named_thread.hpp"
#include "net/link.hpp"

namespace tern::net {
namespace {

// Heartbeats and time-outs are checked this often: a quarter of the shortest interval.
constexpr Millis tick_interval{250};
// Handlers run per turn before its output is flushed: a bound on latency under load.
constexpr int handlers_per_turn = 64;
// After so many turns in a row that had no further events, only one in so many looks for some.
constexpr int polls_in_vain_max = 4;
constexpr int turns_unpolled_max = 16;
// A slab with less room than this is not worth reading into.
constexpr std::size_t slab_room_min = 32 * 1024;

}  // namespace

ShardThread::ShardThread(const amqp::ConnectionOptions& options) : options_(options) {}

ShardThread::~ShardThread() {
  join();
}

void ShardThread::wake() {
  boost::asio::post(context_, [] {});
}

void ShardThread::start(broker::Shard& shard, const Peers& peers) {
  ensure(shard_ == nullptr, "shard thread started twice");
  shard_ = &shard;
  peers_ = &peers;
  thread_ = named_thread("shard " + std::to_string(raw(shard_->id())), [this] { run(); });
}

void ShardThread::stop() {
  is_stopping_.store(true, std::memory_order_release);
  wake();
}

void ShardThread::join() {
  if (thread_.joinable()) thread_.join();
}

Time ShardThread::now() {
  if (!is_in_turn_) {
    is_in_turn_ = true;
    now_ = clock_.now();
    shard_->begin_turn(now_);
  }
  return now_;
}

void ShardThread::run() {
  while (!is_stopping_.load(std::memory_order_acquire)) {
    run_turn();
    Time due = next_tick_;
    if (const auto wanted = shard_->next_due()) due = std::min(due, *wanted);
    const Millis wait = std::max(due - clock_.now(), Millis{0});
    context_.run_one_for(wait);
    if (polls_in_vain_ < polls_in_vain_max || ++turns_unpolled_ >= turns_unpolled_max) poll_more();
  }
  close_all();
  shard_->prepare_stop();
  run_turn();
}

// Further events belong to the same turn, so that its work is handed on and flushed as one. Looking
// for them costs a system call, so it is done rarely where there are seldom any.
void ShardThread::poll_more() {
  turns_unpolled_ = 0;
  int handled = 0;
  while (handled < handlers_per_turn && context_.poll_one() > 0) ++handled;
  polls_in_vain_ = handled > 0 ? 0 : polls_in_vain_ + 1;
}

void ShardThread::run_turn() {
  if (now() >= next_tick_) tick_links();
  shard_->end_turn();
  // Operations that ended let their connections go on, which makes new work for this turn. Bounded,
  // so that output is flushed even if somebody never stops.
  for (int round = 0; round < 16 && !with_input_.empty(); ++round) {
    for (const auto& link : std::exchange(with_input_, {})) link->resume_input();
    shard_->end_turn();
  }
  if (!with_input_.empty()) wake();
  for (std::size_t at = 0; at < with_output_.size(); ++at) with_output_[at]->flush();
  with_output_.clear();
  for (const auto& link : std::exchange(closed_, {})) {
    link->close();
    links_.erase(link);
  }
  // What flushing and closing gave back to queues must not wait for the next event.
  shard_->end_turn();
  if (!moving_.empty()) move_links();
  if (!with_output_.empty() || !with_input_.empty()) wake();
  link_count_.store(links_.size(), std::memory_order_relaxed);
  is_in_turn_ = false;
}

// At the end of a turn: what the sessions sent from here has been handed over, so what they send
// from there comes after it. The new thread opens its mail before it reads on for them.
void ShardThread::move_links() {
  for (auto& [link, to] : std::exchange(moving_, {})) {
    if (link->is_closed()) continue;
    if (!link->is_at_rest()) {
      moving_.emplace_back(std::move(link), to);
      continue;
    }
    ShardThread& target = *(*peers_)[raw(to)];
    if (!link->leave(target)) continue;
    links_.erase(link);
    target.link_count_.fetch_add(1, std::memory_order_relaxed);
    boost::asio::post(target.context_, [&target, link = std::move(link)] {
      static_cast<void>(target.now());
      target.links_.insert(link);
      link->arrive();
    });
  }
}

void ShardThread::tick_links() {
  next_tick_ = now_ + tick_interval;
  for (const auto& link : links_) link->tick(now_);
}

void ShardThread::close_all() {
  for (const auto& link : links_) {
    link->flush();
    closed_.push_back(link);
  }
}

void ShardThread::adopt(boost::asio::ip::tcp::socket socket,
                        const boost::asio::ip::tcp::endpoint& peer) {
  link_count_.fetch_add(1, std::memory_order_relaxed);
  // At once on this very thread, which is the accepting one.
  boost::asio::dispatch(context_, [this, socket = std::move(socket), peer]() mutable {
    static_cast<void>(now());
    auto link = std::make_shared<Link>(*this, std::move(socket), peer, options_);
    links_.insert(link);
    link->start();
  });
}

void ShardThread::note_output(Link& link) {
  with_output_.push_back(link.shared_from_this());
}

void ShardThread::note_input(Link& link) {
  with_input_.push_back(link.shared_from_this());
}

void ShardThread::note_move(Link& link, ShardId to) {
  moving_.emplace_back(link.shared_from_this(), to);
}

void ShardThread::note_closed(Link& link) {
  closed_.push_back(link.shared_from_this());
}

SlabLease ShardThread::borrow_slab() {
  if (shared_slab_) return std::move(shared_slab_);
  return SlabLease(Slab::create());
}

void ShardThread::return_slab(SlabLease lease) {
  if (shared_slab_ || lease->free_bytes() < slab_room_min) return;
  shared_slab_ = std::move(lease);
}

}  // namespace tern::net
