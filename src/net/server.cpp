#include "net/server.hpp"

#include <unistd.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <future>
#include <thread>

#include "base/log.hpp"
#include "base/version.hpp"
#include "broker/definitions_files.hpp"

namespace tern::net {
namespace {

using boost::asio::ip::tcp;

// How long sessions may take to answer connection.close when the broker stops.
constexpr std::chrono::milliseconds farewell{1500};
// A listener that has no file descriptor left tries again after this.
constexpr std::chrono::milliseconds accept_retry{100};
constexpr int listen_backlog = 4096;
// Links that the accepting thread may have more than the others.
constexpr std::size_t links_at_home = 8;

amqp::ConnectionOptions connection_options(const config::Config& config) {
  amqp::ConnectionOptions options;
  options.channel_max = config.amqp.channel_max;
  options.frame_max = config.amqp.frame_max;
  options.heartbeat_seconds = static_cast<std::uint16_t>(config.amqp.heartbeat.count());
  options.handshake_timeout = config.amqp.handshake_timeout;
  options.message_bytes_max = config.amqp.max_message_size;
  options.consumer_window_bytes = config.queue.consumer_output_bytes;
  options.present_as_rabbitmq = config.compat.present_as_rabbitmq;
  options.version = product_version;
  return options;
}

}  // namespace

Server::Server(const config::Config& config) : config_(config) {}

Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>, StartError> Server::start(const config::Config& config) {
  // What can be found wrong without touching the data directory comes first.
  broker::LoadedDefinitions definitions;
  if (!config.definitions.empty()) {
    auto loaded = broker::load_definitions(config.definitions);
    if (!loaded) return StartError(loaded.error(), true);
    definitions = std::move(*loaded);
  }
  for (const std::string& warning : definitions.warnings) log_warn("definitions", "{}", warning);

  std::unique_ptr<Server> server(new Server(config));
  const std::uint32_t shards =
      config.shards != 0 ? config.shards : std::max(1U, std::thread::hardware_concurrency());
  for (std::uint32_t index = 0; index < shards; ++index)
    server->threads_.push_back(std::make_unique<ShardThread>(connection_options(config)));
  if (auto opened = server->open_node(); !opened) return StartError(opened.error());
  for (std::uint32_t index = 0; index < shards; ++index)
    server->threads_[index]->start(server->node_->shard(index), server->threads_);
  server->is_running_ = true;
  // A client that finds the port open finds its queues, too.
  if (!definitions.files.empty()) {
    if (auto imported = server->import(definitions.definitions); !imported)
      return StartError(imported.error(), true);
    log_info("definitions", "taken over files={} path={}", definitions.files.size(),
             config.definitions);
  }
  for (const std::string& address : config.amqp.bind) {
    if (auto listening = server->listen(address); !listening) return StartError(listening.error());
  }
  if (auto opened = server->open_control(); !opened) return StartError(opened.error());
  for (std::size_t listener = 0; listener < server->listeners_.size(); ++listener)
    server->accept(listener);
  return server;
}

Result<void> Server::import(const broker::Definitions& definitions) {
  std::promise<std::optional<broker::BrokerError>> promise;
  auto done = promise.get_future();
  node_->management().import(definitions, [&](std::optional<broker::BrokerError> error) {
    promise.set_value(std::move(error));
  });
  if (auto error = done.get()) return Error{std::move(error->text)};
  return {};
}

Result<void> Server::open_control() {
  std::string path = config_.control.socket;
  if (path.empty()) {
    if (config_.in_memory) return {};
    path = config_.data_dir + "/" + config::control_socket_name;
  }
  broker::Control::Facts facts = {
      {"version", std::string(product_version)},
      {"process", std::to_string(::getpid())},
      {"data directory", config_.in_memory ? "(in memory)" : config_.data_dir},
      {"shards", std::to_string(threads_.size())}};
  for (const std::string& endpoint : endpoints_) facts.emplace_back("listening", endpoint);
  auto control = ControlServer::start(
      path, broker::Control(node_->management(), node_->operations(), std::move(facts)));
  if (!control && config_.control.socket.empty()) {
    // Nobody asked for it, and a data directory may well be too deep for a socket's short path.
    log_warn("control", "{}", control.error().text);
    return {};
  }
  if (!control) return control.error();
  control_ = std::move(*control);
  return {};
}

Result<void> Server::open_node() {
  broker::Node::Ports ports;
  ports.wake = [this](ShardId shard) { threads_[raw(shard)]->wake(); };
  ports.failed = [](const std::string& text) {
    // Nothing may be confirmed any more, not even what waits in a socket's buffer of ours.
    log_error("store", "the store has failed and the broker ends: {}", text);
    std::_Exit(1);
  };
  auto node =
      broker::Node::open(config_, static_cast<std::uint32_t>(threads_.size()), std::move(ports));
  if (!node) return node.error();
  node_ = std::move(*node);
  return {};
}

Result<void> Server::listen(const std::string& address) {
  const auto failed = [&](const char* what, const boost::system::error_code& error) {
    return Error{
        fmt::format("cannot listen on {} port {}: {}: {}; is another broker running there? "
                    "Choose another amqp.port or amqp.bind",
                    address, config_.amqp.port, what, error.message())};
  };
  boost::system::error_code error;
  auto ip = boost::asio::ip::make_address(address, error);
  if (error) return failed("not an IP address", error);
  auto& context = threads_.front()->context();
  tcp::acceptor acceptor(context);
  acceptor.open(ip.is_v6() ? tcp::v6() : tcp::v4(), error);
  if (error == boost::asio::error::address_family_not_supported && ip.is_v6() &&
      ip.is_unspecified()) {
    // A machine without IPv6: "every address" is every IPv4 address there.
    ip = boost::asio::ip::address_v4::any();
    acceptor.open(tcp::v4(), error);
  }
  if (error) return failed("socket", error);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && ip.is_v6())
    acceptor.set_option(boost::asio::ip::v6_only(!ip.is_unspecified()), error);
  // Accepted sockets inherit it (Linux), which saves each of them a system call.
  if (!error) acceptor.set_option(tcp::no_delay(true), error);
  if (error) return failed("socket option", error);
  acceptor.bind({ip, config_.amqp.port}, error);
  if (error) return failed("bind", error);
  acceptor.listen(listen_backlog, error);
  if (error) return failed("listen", error);
  const std::string shown = ip.is_v6() ? "[" + ip.to_string() + "]" : ip.to_string();
  endpoints_.push_back(shown + ":" + std::to_string(acceptor.local_endpoint().port()));
  listeners_.push_back({std::move(acceptor)});
  return {};
}

// Accepting runs on the first thread. A socket stays there while that thread has hardly more of
// them than the others: handing it over costs as much as all of a short connection's messages, and
// connections that live longer move to the shard of the queue that they work with.
std::size_t Server::thread_for_next() const {
  std::size_t least = 0;
  for (std::size_t at = 1; at < threads_.size(); ++at)
    if (threads_[at]->link_count() < threads_[least]->link_count()) least = at;
  const bool is_near =
      threads_.front()->link_count() < threads_[least]->link_count() + links_at_home;
  return is_near ? 0 : least;
}

void Server::accept(std::size_t listener) {
  const std::size_t target = thread_for_next();
  listeners_[listener].acceptor.async_accept(
      threads_[target]->context(), listeners_[listener].peer,
      boost::asio::bind_executor(
          threads_.front()->context().get_executor(),
          [this, listener, target](const boost::system::error_code& error, tcp::socket socket) {
            accepted(listener, error, std::move(socket), target);
          }));
}

void Server::accepted(std::size_t listener, const boost::system::error_code& error,
                      tcp::socket socket, std::size_t target) {
  static LogLimiter limiter;
  if (error == boost::asio::error::operation_aborted) return;
  if (error) {
    log_limited(limiter, LogLevel::warn, "net", "cannot accept a connection: {}", error.message());
    auto retry = std::make_shared<boost::asio::steady_timer>(threads_.front()->context());
    retry->expires_after(accept_retry);
    retry->async_wait([this, listener, retry](const boost::system::error_code& ended) {
      if (!ended) accept(listener);
    });
    return;
  }
  std::size_t open = 0;
  for (const auto& thread : threads_) open += thread->link_count();
  if (open >= config_.amqp.max_connections) {
    log_limited(limiter, LogLevel::warn, "net",
                "connection refused: amqp.max_connections={} are open",
                config_.amqp.max_connections);
    boost::system::error_code ignored;
    socket.close(ignored);
  } else {
    threads_[target]->adopt(std::move(socket), listeners_[listener].peer);
  }
  accept(listener);
}

void Server::close_listeners() {
  auto closed = std::make_shared<std::promise<void>>();
  auto done = closed->get_future();
  boost::asio::post(threads_.front()->context(), [this, closed] {
    boost::system::error_code ignored;
    for (auto& listener : listeners_) listener.acceptor.close(ignored);
    closed->set_value();
  });
  if (done.wait_for(farewell) != std::future_status::ready)
    log_warn("net", "the first shard does not answer; stopping all the same");
}

void Server::stop() {
  if (std::exchange(is_stopped_, true) || !node_) return;
  if (!is_running_) return node_->stop();
  control_.reset();
  const auto patience = std::chrono::steady_clock::now() + farewell;
  close_listeners();
  node_->shut_down_sessions("broker forced connection closure with reason 'shutdown'");
  const auto open = [&] {
    std::size_t count = 0;
    for (const auto& thread : threads_) count += thread->link_count();
    return count;
  };
  while (open() > 0 && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const auto& thread : threads_) thread->stop();
  for (const auto& thread : threads_) thread->join();
  node_->stop();
}

}  // namespace tern::net
