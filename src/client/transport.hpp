// Transport: a byte stream to one host, TCP or TLS over it. Runs on the connection's executor; the
// listener is called there, never from inside a call of a function of this class.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <memory>

#include "ternmq/options.hpp"

namespace tern::client {

class TransportListener {
 public:
  virtual void on_connected(const ternmq::error_info& error) = 0;
  virtual void on_read(boost::system::error_code error, std::size_t bytes) = 0;
  virtual void on_written(boost::system::error_code error, std::size_t bytes) = 0;

 protected:
  ~TransportListener() = default;
};

/// Closed by being destroyed: the listener hears nothing after that.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void connect() = 0;
  virtual void read(boost::asio::mutable_buffer into) = 0;
  /// Some of it; one write at a time.
  virtual void write(boost::asio::const_buffer from) = 0;
  /// Writes what can be written without waiting; 0 if nothing can, or if that is not possible.
  [[nodiscard]] virtual std::size_t try_write(boost::asio::const_buffer from) = 0;
};

/// `owner` keeps the listener alive while handlers may call it.
[[nodiscard]] std::unique_ptr<Transport> make_transport(
    const boost::asio::any_io_executor& executor, const ternmq::endpoint& to,
    const ternmq::tls_options& tls, std::weak_ptr<TransportListener> listener);

}  // namespace tern::client
