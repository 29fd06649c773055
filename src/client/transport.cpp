#include "client/transport.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>

#include "ternmq/error.hpp"

namespace tern::client {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

// What both kinds share. Handlers keep it alive, because what is pending in TLS refers to it; once
// it is closed they tell nobody.
class TcpTransport : public Transport, public std::enable_shared_from_this<TcpTransport> {
 public:
  TcpTransport(const asio::any_io_executor& executor, ternmq::endpoint to,
               std::weak_ptr<TransportListener> listener)
      : to_(std::move(to)),
        resolver_(executor),
        socket_(executor),
        listener_(std::move(listener)) {}

  // Here, because the compiler must know their type before they are used.
  [[nodiscard]] auto read_handler() {
    return [here = shared_from_this()](error_code error, std::size_t bytes) {
      if (here->is_closed_) return;
      if (const auto listener = here->listener_.lock()) listener->on_read(error, bytes);
    };
  }
  [[nodiscard]] auto write_handler() {
    return [here = shared_from_this()](error_code error, std::size_t bytes) {
      if (here->is_closed_) return;
      if (const auto listener = here->listener_.lock()) listener->on_written(error, bytes);
    };
  }

  void connect() override {
    resolver_.async_resolve(
        to_.host, std::to_string(to_.port),
        [here = shared_from_this()](error_code error, const tcp::resolver::results_type& found) {
          if (!here->is_closed_) here->resolved(error, found);
        });
  }
  void read(asio::mutable_buffer into) override { socket_.async_read_some(into, read_handler()); }
  void write(asio::const_buffer from) override { socket_.async_write_some(from, write_handler()); }
  std::size_t try_write(asio::const_buffer from) override {
    error_code error;
    const std::size_t written = socket_.write_some(from, error);
    return error ? 0 : written;
  }
  void close() {
    is_closed_ = true;
    error_code ignored;
    resolver_.cancel();
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    socket_.close(ignored);
  }

 protected:
  /// The TCP connection is there.
  virtual void established() { tell_connected({}, ""); }

  void tell_connected(error_code error, const std::string& what) {
    if (is_closed_) return;
    const auto listener = listener_.lock();
    if (!listener) return;
    const std::string where = to_.host + ":" + std::to_string(to_.port);
    listener->on_connected(
        {.code = error, .text = error ? where + ": " + what + error.message() : std::string()});
  }
  ternmq::endpoint to_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  std::weak_ptr<TransportListener> listener_;
  bool is_closed_ = false;

 private:
  void resolved(error_code error, const tcp::resolver::results_type& found) {
    if (error) return tell_connected(error, "cannot find the host: ");
    asio::async_connect(socket_, found,
                        [here = shared_from_this()](error_code failed, const tcp::endpoint&) {
                          if (here->is_closed_) return;
                          if (!failed) {
                            here->socket_.set_option(tcp::no_delay(true), failed);
                            here->socket_.non_blocking(true, failed);
                          }
                          if (failed) return here->tell_connected(failed, "cannot connect: ");
                          here->established();
                        });
  }
};

class TlsTransport final : public TcpTransport {
 public:
  TlsTransport(const asio::any_io_executor& executor, ternmq::endpoint to,
               const ternmq::tls_options& tls, std::weak_ptr<TransportListener> listener)
      : TcpTransport(executor, std::move(to), std::move(listener)),
        context_(ssl::context::tls_client) {
    set_up(tls);
    stream_.emplace(socket_, context_);
    const std::string& name = tls.server_name.empty() ? to_.host : tls.server_name;
    // The macro for it casts constness away.
    SSL_ctrl(stream_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
    if (tls.verify_peer) {
      stream_->set_verify_mode(ssl::verify_peer);
      stream_->set_verify_callback(ssl::host_name_verification(name));
    }
  }
  void read(asio::mutable_buffer into) override { stream_->async_read_some(into, read_handler()); }
  void write(asio::const_buffer from) override { stream_->async_write_some(from, write_handler()); }
  std::size_t try_write(asio::const_buffer) override { return 0; }

 private:
  void set_up(const ternmq::tls_options& tls) {
    const auto note = [this](const std::string& what, auto load) {
      error_code error;
      load(error);
      if (error && !set_up_error_) set_up_error_ = {.code = error, .text = what + ": "};
    };
    context_.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                         ssl::context::no_tlsv1_1);
    if (tls.verify_peer && tls.ca_file.empty())
      note("the system's certificates",
           [&](error_code& error) { context_.set_default_verify_paths(error); });
    else if (tls.verify_peer)
      note(tls.ca_file, [&](error_code& error) { context_.load_verify_file(tls.ca_file, error); });
    if (!tls.certificate_file.empty())
      note(tls.certificate_file, [&](error_code& error) {
        context_.use_certificate_chain_file(tls.certificate_file, error);
      });
    if (!tls.key_file.empty())
      note(tls.key_file, [&](error_code& error) {
        context_.use_private_key_file(tls.key_file, ssl::context::pem, error);
      });
  }
  void established() override {
    if (set_up_error_) return tell_connected(set_up_error_.code, set_up_error_.text);
    stream_->async_handshake(ssl::stream_base::client,
                             [this, here = shared_from_this()](error_code error) {
                               tell_connected(error, "the TLS handshake failed: ");
                             });
  }

  ssl::context context_;
  ternmq::error_info set_up_error_;
  std::optional<ssl::stream<tcp::socket&>> stream_;
};

// Owns the shared state: closing is the end of this object.
class Handle final : public Transport {
 public:
  explicit Handle(std::shared_ptr<TcpTransport> inner) : inner_(std::move(inner)) {}
  ~Handle() override { inner_->close(); }
  void connect() override { inner_->connect(); }
  void read(asio::mutable_buffer into) override { inner_->read(into); }
  void write(asio::const_buffer from) override { inner_->write(from); }
  std::size_t try_write(asio::const_buffer from) override { return inner_->try_write(from); }

 private:
  std::shared_ptr<TcpTransport> inner_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(const asio::any_io_executor& executor,
                                          const ternmq::endpoint& to,
                                          const ternmq::tls_options& tls,
                                          std::weak_ptr<TransportListener> listener) {
  if (to.tls)
    return std::make_unique<Handle>(
        std::make_shared<TlsTransport>(executor, to, tls, std::move(listener)));
  return std::make_unique<Handle>(
      std::make_shared<TcpTransport>(executor, to, std::move(listener)));
}

}  // namespace tern::client
