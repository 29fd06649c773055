#include "ternmq/blocking.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace ternmq::blocking {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr milliseconds goodbye_time(3000);

// Where a call waits for its result, which a handler on the other thread brings.
template <class Result>
class Waiting {
 public:
  void done(error_code error, Result result) {
    const std::lock_guard lock(mutex_);
    error_ = error;
    result_ = std::move(result);
    is_done_ = true;
    changed_.notify_one();
  }
  error_code wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_done_; });
    return error_;
  }
  Result& result() { return result_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_done_ = false;
  error_code error_;
  Result result_{};
};

// Starts an operation with options and a handler, and waits for it; throws what it fails with.
template <class Result, class Start>
Result wait_for(milliseconds timeout, Start start) {
  Waiting<Result> waiting;
  error_info info;
  start(operation_options{.timeout = timeout, .info = &info},
        [&waiting](error_code error, Result result) { waiting.done(error, std::move(result)); });
  if (const error_code error = waiting.wait()) {
    info.code = error;
    throw failure(info);
  }
  return std::move(waiting.result());
}

template <class Start>
void wait_for(milliseconds timeout, Start start) {
  wait_for<int>(timeout, [&start](const operation_options& options, auto done) {
    start(options, [done](error_code error) mutable { done(error, 0); });
  });
}

}  // namespace

struct connection::impl {
  explicit impl(connection_options options)
      : connection(io.get_executor(), std::move(options)), thread([this] { io.run(); }) {}
  ~impl() {
    // The connection ends on its own thread; nothing else runs there any more after that.
    asio::post(io, [this] {
      publisher = {};
      calls = {};
      auto gone = std::move(connection);
    });
    work.reset();
    thread.join();
  }

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  ternmq::connection connection;
  std::mutex mutex;  // of the two below, which are opened when they are first needed
  ternmq::publisher publisher;
  rpc_client calls;
  std::thread thread;

  ternmq::publisher& publishing(milliseconds timeout) {
    const std::lock_guard lock(mutex);
    if (publisher.is_open()) return publisher;
    publisher_options how;
    how.mandatory = true;
    publisher = wait_for<ternmq::publisher>(timeout, [&](const auto& options, auto done) {
      connection.open_publisher(how, options, std::move(done));
    });
    return publisher;
  }
  rpc_client& calling(milliseconds timeout) {
    const std::lock_guard lock(mutex);
    if (calls.is_open()) return calls;
    calls = wait_for<rpc_client>(timeout, [&](const auto& options, auto done) {
      connection.open_rpc_client(options, std::move(done));
    });
    return calls;
  }
};

connection::connection(std::string_view url, milliseconds timeout)
    : connection(connection_options::from_url(url), timeout) {}

connection::connection(connection_options options, milliseconds timeout)
    : impl_(std::make_unique<impl>(std::move(options))) {
  wait_for(timeout,
           [&](const auto& how, auto done) { impl_->connection.open(how, std::move(done)); });
}

connection::~connection() {
  if (!impl_) return;
  try {
    close(goodbye_time);
  } catch (const failure&) {
    // The broker is gone already, or does not answer: it is told nothing then.
  }
}

connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;

ternmq::connection& connection::async() noexcept {
  return impl_->connection;
}

std::vector<queue_status> connection::declare(topology what, milliseconds timeout) {
  return wait_for<std::vector<queue_status>>(timeout, [&](const auto& how, auto done) {
    impl_->connection.declare(std::move(what), how, std::move(done));
  });
}

queue_status connection::inspect(std::string queue, milliseconds timeout) {
  return wait_for<queue_status>(timeout, [&](const auto& how, auto done) {
    impl_->connection.inspect(std::move(queue), how, std::move(done));
  });
}

std::uint32_t connection::purge(std::string queue, milliseconds timeout) {
  return wait_for<std::uint32_t>(timeout, [&](const auto& how, auto done) {
    impl_->connection.purge(std::move(queue), how, std::move(done));
  });
}

std::uint32_t connection::delete_queue(std::string queue, milliseconds timeout) {
  return wait_for<std::uint32_t>(timeout, [&](const auto& how, auto done) {
    impl_->connection.delete_queue(std::move(queue), how, std::move(done));
  });
}

void connection::delete_exchange(std::string exchange, milliseconds timeout) {
  wait_for(timeout, [&](const auto& how, auto done) {
    impl_->connection.delete_exchange(std::move(exchange), how, std::move(done));
  });
}

void connection::publish(message what, milliseconds timeout) {
  auto& publisher = impl_->publishing(timeout);
  wait_for<outcome>(timeout, [&](const auto& how, auto done) {
    publisher.publish(std::move(what), how, std::move(done));
  });
}

void connection::publish_batch(std::vector<message> what, milliseconds timeout) {
  auto& publisher = impl_->publishing(timeout);
  wait_for<std::vector<outcome>>(timeout, [&](const auto& how, auto done) {
    publisher.publish_batch(std::move(what), how, std::move(done));
  });
}

consumer connection::consume(std::string queue, consumer_options options, milliseconds timeout) {
  return consumer(wait_for<ternmq::consumer>(timeout, [&](const auto& how, auto done) {
    impl_->connection.open_consumer(std::move(queue), std::move(options), how, std::move(done));
  }));
}

std::optional<delivery> connection::try_get(std::string queue, milliseconds timeout) {
  return wait_for<std::optional<delivery>>(timeout, [&](const auto& how, auto done) {
    impl_->connection.try_get(std::move(queue), how, std::move(done));
  });
}

std::optional<delivery> connection::get(std::string queue, milliseconds timeout) {
  consumer_options one;
  one.prefetch = 1;
  consumer from = consume(std::move(queue), std::move(one), timeout);
  auto found = from.next(timeout);
  from.cancel(timeout);
  return found;
}

received_message connection::call(message request, milliseconds timeout) {
  auto& calls = impl_->calling(timeout);
  return wait_for<received_message>(timeout, [&](const auto& how, auto done) {
    calls.call(std::move(request), how, std::move(done));
  });
}

void connection::close(milliseconds timeout) {
  wait_for(timeout,
           [&](const auto& how, auto done) { impl_->connection.close(how, std::move(done)); });
}

std::optional<delivery> consumer::next(milliseconds timeout) {
  try {
    return wait_for<delivery>(
        timeout, [&](const auto& how, auto done) { inner_.next(how, std::move(done)); });
  } catch (const failure& why) {
    if (why.code() == errc::timed_out) return std::nullopt;
    throw;
  }
}

void consumer::commit(std::vector<message> with, milliseconds timeout) {
  wait_for(timeout, [&](const auto& how, auto done) {
    inner_.commit(std::move(with), how, std::move(done));
  });
}

void consumer::cancel(milliseconds timeout) {
  wait_for(timeout, [&](const auto& how, auto done) { inner_.cancel(how, std::move(done)); });
}

void consumer::drain(milliseconds timeout) {
  wait_for(timeout, [&](const auto& how, auto done) { inner_.drain(how, std::move(done)); });
}

}  // namespace ternmq::blocking
