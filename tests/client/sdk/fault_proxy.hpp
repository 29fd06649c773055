// FaultProxy: stands between a client and its broker and breaks the first connection through it in
// a way that a plan says; all later ones pass untouched. Runs on one io_context.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>

namespace sdk {

enum class Fault { none, cut, stall, dribble, delay };
enum class Direction { to_client, to_broker };

/// cut: both sockets are closed after `frames` frames and `bytes` bytes of the next in that
/// direction. stall: nothing is passed on any more. dribble: one byte at a time. delay: every
/// piece waits for a moment, so that what comes the other way overtakes it.
struct Plan {
  Fault fault = Fault::none;
  Direction direction = Direction::to_client;
  std::size_t frames = 0;
  std::size_t bytes = 0;
};

class FaultProxy : public std::enable_shared_from_this<FaultProxy> {
 public:
  using tcp = boost::asio::ip::tcp;

  FaultProxy(boost::asio::io_context& io, std::uint16_t broker_port, Plan plan)
      : io_(io),
        broker_(boost::asio::ip::address_v4::loopback(), broker_port),
        plan_(plan),
        acceptor_(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {}

  void start() { boost::asio::co_spawn(io_, accept(shared_from_this()), boost::asio::detached); }
  void stop() { acceptor_.close(); }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// Whether the plan has come to pass.
  [[nodiscard]] bool has_struck() const { return has_struck_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  struct Pair {
    tcp::socket client;
    tcp::socket broker;
    Plan plan;
    bool is_stalled = false;
    void close() {
      boost::system::error_code ignored;
      client.close(ignored);
      broker.close(ignored);
    }
  };
  using Self = std::shared_ptr<FaultProxy>;
  static constexpr auto tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

  static boost::asio::awaitable<void> accept(Self self) {
    for (;;) {
      auto [error, client] = co_await self->acceptor_.async_accept(tuple);
      if (error) co_return;
      const bool is_first = self->connections_++ == 0;
      auto pair = std::make_shared<Pair>(
          Pair{std::move(client), tcp::socket(self->io_), is_first ? self->plan_ : Plan{}});
      boost::system::error_code refused;
      pair->broker.connect(self->broker_, refused);
      if (refused) continue;
      pair->client.set_option(tcp::no_delay(true));
      pair->broker.set_option(tcp::no_delay(true));
      for (const Direction direction : {Direction::to_client, Direction::to_broker})
        boost::asio::co_spawn(self->io_, pump(self, pair, direction), boost::asio::detached);
    }
  }

  // Counts frames in one direction: type, channel, length, payload, end octet.
  class Frames {
   public:
    explicit Frames(Direction direction)
        : left_(direction == Direction::to_broker ? 8 : 0) {}  // The protocol header.
    /// Bytes of `data` until the plan's place is reached; all of them if it is not.
    std::size_t before(const Plan& plan, const char* data, std::size_t size) {
      for (std::size_t at = 0; at < size; ++at) {
        if (count_ == plan.frames && into_ == plan.bytes) return at;
        step(static_cast<unsigned char>(data[at]));
      }
      return size;
    }
    [[nodiscard]] bool is_at(const Plan& plan) const {
      return count_ == plan.frames && into_ == plan.bytes;
    }

   private:
    void step(unsigned char octet) {
      ++into_;
      if (left_ == 0) {
        head_ += static_cast<char>(octet);
        if (head_.size() < 7) return;
        for (int i = 3; i < 7; ++i)
          left_ = left_ << 8U | static_cast<unsigned char>(head_[static_cast<std::size_t>(i)]);
        ++left_;
        head_.clear();
      } else if (--left_ == 0) {
        ++count_;
        into_ = 0;
      }
    }
    std::string head_;
    std::size_t left_;
    std::size_t count_ = 0;
    std::size_t into_ = 0;
  };

  static boost::asio::awaitable<void> pump(Self self, std::shared_ptr<Pair> pair,
                                           Direction direction) {
    tcp::socket& from = direction == Direction::to_client ? pair->broker : pair->client;
    tcp::socket& to = direction == Direction::to_client ? pair->client : pair->broker;
    const Plan plan = pair->plan.direction == direction ? pair->plan : Plan{};
    const bool breaks = plan.fault == Fault::cut || plan.fault == Fault::stall;
    Frames frames(direction);
    std::string buffer(16 * 1024, '\0');
    for (;;) {
      auto [error, size] = co_await from.async_read_some(boost::asio::buffer(buffer), tuple);
      if (error) break;
      if (pair->is_stalled) continue;  // What comes is read, and goes nowhere.
      const std::size_t good = breaks ? frames.before(plan, buffer.data(), size) : size;
      if (!co_await pass(*self, to, std::string_view(buffer).substr(0, good), plan.fault)) break;
      if (!breaks || (good == size && !frames.is_at(plan))) continue;
      self->has_struck_ = true;
      if (plan.fault == Fault::cut) break;
      pair->is_stalled = true;
    }
    pair->close();
  }
  static boost::asio::awaitable<bool> pass(FaultProxy& self, tcp::socket& to,
                                           std::string_view bytes, Fault fault) {
    const std::size_t piece = fault == Fault::dribble ? 1 : bytes.size();
    while (!bytes.empty()) {
      if (fault == Fault::delay) {
        boost::asio::steady_timer timer(self.io_, std::chrono::milliseconds(3));
        co_await timer.async_wait(tuple);
      }
      auto [error, sent] =
          co_await boost::asio::async_write(to, boost::asio::buffer(bytes.substr(0, piece)), tuple);
      if (error) co_return false;
      bytes.remove_prefix(sent);
    }
    co_return true;
  }

  boost::asio::io_context& io_;
  tcp::endpoint broker_;
  Plan plan_;
  tcp::acceptor acceptor_;
  bool has_struck_ = false;
  int connections_ = 0;
};

}  // namespace sdk
