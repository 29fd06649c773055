// Server: the listeners and shard threads around a node. Made, started and stopped by the main
// thread.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "broker/node.hpp"
#include "config/config.hpp"
#include "net/control_server.hpp"
#include "net/shard_thread.hpp"

namespace tern::net {

/// Why a broker does not start: a line for each thing that is wrong.
struct StartError : Error {
  StartError() = default;
  explicit StartError(Error error, bool by_definitions = false)
      : Error(std::move(error)), is_by_definitions(by_definitions) {}
  bool is_by_definitions = false;  ///< the files of the option `definitions` are to be corrected
};

class Server {
 public:
  /// Opens the store, starts the threads, takes over definitions and then opens the listeners. The
  /// error says what, where and what to do.
  [[nodiscard]] static Result<std::unique_ptr<Server>, StartError> start(
      const config::Config& config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Where it listens: `address:port` with the port that was chosen.
  [[nodiscard]] const std::vector<std::string>& endpoints() const noexcept { return endpoints_; }

  /// Stops in order: listeners, sessions (told why, given a moment to answer), shards, store.
  void stop();

 private:
  explicit Server(const config::Config& config);
  [[nodiscard]] Result<void> open_node();
  [[nodiscard]] Result<void> import(const broker::Definitions& definitions);
  [[nodiscard]] Result<void> listen(const std::string& address);
  [[nodiscard]] Result<void> open_control();
  void close_listeners();
  [[nodiscard]] std::size_t thread_for_next() const;
  void accept(std::size_t listener);
  void accepted(std::size_t listener, const boost::system::error_code& error,
                boost::asio::ip::tcp::socket socket, std::size_t target);

  config::Config config_;
  std::vector<std::unique_ptr<ShardThread>> threads_;
  std::unique_ptr<broker::Node> node_;
  struct Listener {
    boost::asio::ip::tcp::acceptor acceptor;  ///< on the first thread's context
    boost::asio::ip::tcp::endpoint peer{};    ///< of the socket accepted last
  };
  std::vector<Listener> listeners_;
  std::vector<std::string> endpoints_;
  std::unique_ptr<ControlServer> control_;
  bool is_running_ = false;
  bool is_stopped_ = false;
};

}  // namespace tern::net
