#include "outbox/client_publisher.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "outbox/box.hpp"
#include "ternmq/connection.hpp"

namespace tern::outbox {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Of a relay that is to stop: so long the broker may still confirm what it was given.
constexpr milliseconds grace_time(5000);
constexpr milliseconds open_time(20'000);
// The client keeps the time; this is for its answer to arrive.
constexpr milliseconds margin_time(1000);

using Outcomes = std::vector<ternmq::outcome>;

// Waits until `descriptor` is readable. Once the relay is to stop, for the grace time at most.
bool wait_until_readable(int descriptor, const StopSignal& stop, milliseconds time) {
  auto deadline = steady_clock::now() + time;
  bool is_stopping = false;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd watched[] = {{descriptor, POLLIN, 0}, {stop.descriptor(), POLLIN, 0}};
    const int found = ::poll(watched, is_stopping ? 1 : 2,
                             static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (watched[0].revents != 0 && found > 0) return true;
    if (found > 0 && !is_stopping) {
      is_stopping = true;
      deadline = std::min(deadline, steady_clock::now() + grace_time);
    } else if (found == 0) {
      return false;
    }
  }
}

// The broker has said nothing of the message: the connection is to blame, or the time was up.
bool is_without_answer(const ternmq::outcome& outcome) {
  constexpr int reply_codes = 300;  // From here on they are the broker's words.
  return outcome.what == ternmq::outcome::kind::unknown && outcome.error.value() < reply_codes &&
         outcome.error != ternmq::errc::invalid_argument;
}

std::string places(const std::vector<ternmq::endpoint>& endpoints) {
  std::string text;
  for (const auto& one : endpoints)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", one.host, one.port);
  return text;
}

}  // namespace

// One connection with its publisher, from opening it to its end; never used again after a loss.
class ClientPublisher::Link {
 public:
  explicit Link(ternmq::connection_options options)
      : where_(places(options.endpoints)), connection_(io_.get_executor(), std::move(options)) {
    connection_.on_state_change([this](const ternmq::state_change& change) { note(change); });
    thread_ = std::thread([this] { io_.run(); });
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() {
    asio::post(io_, [this] {
      publisher_ = {};
      auto gone = std::move(connection_);
    });
    work_.reset();
    thread_.join();
  }

  Result<void> open(const ternmq::publisher_options& options, const StopSignal& stop) {
    auto box = std::make_shared<Box<Opened>>();
    connection_.open({.timeout = open_time, .info = &info_},
                     [this, options, box](ternmq::error_code error) {
                       if (error) return box->put({error, {}});
                       open_publisher(options, box);
                     });
    if (!wait_until_readable(box->descriptor(), stop, open_time))
      return Error{fmt::format("{}: no answer; is the broker there?", where_)};
    Opened opened = box->take();
    if (opened.error)
      return Error{
          fmt::format("{}: {}; is the broker there, are user, password and virtual host "
                      "in broker.urls right?",
                      where_, info_.message())};
    publisher_ = std::move(opened.publisher);
    log_info("outbox", "connected to the broker at {}", where_);
    return {};
  }

  /// Nothing: the broker did not answer in time.
  std::optional<Outcomes> publish(std::vector<ternmq::message>&& messages, const StopSignal& stop,
                                  milliseconds time) {
    auto box = std::make_shared<Box<Outcomes>>();
    const auto done = [box](const ternmq::error_code&, Outcomes outcomes) {
      box->put(std::move(outcomes));
    };
    publisher_.publish_batch(std::move(messages), {.timeout = time}, done);
    if (!wait_until_readable(box->descriptor(), stop, time + margin_time)) return std::nullopt;
    return box->take();
  }

  [[nodiscard]] bool is_lost() const noexcept {
    return state_.load() != ternmq::connection_state::open && !is_blocked();
  }
  [[nodiscard]] bool is_blocked() const noexcept {
    return state_.load() == ternmq::connection_state::blocked;
  }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  [[nodiscard]] std::string reason() {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

 private:
  struct Opened {
    ternmq::error_code error;
    ternmq::publisher publisher;
  };

  void open_publisher(const ternmq::publisher_options& options,
                      const std::shared_ptr<Box<Opened>>& box) {
    connection_.open_publisher(options, {.timeout = open_time, .info = &info_},
                               [box](ternmq::error_code error, ternmq::publisher publisher) {
                                 box->put({error, std::move(publisher)});
                               });
  }
  void note(const ternmq::state_change& change) {
    const std::lock_guard lock(mutex_);
    if (change.reason) reason_ = change.reason.message();
    state_ = change.to;
  }

  std::string where_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  ternmq::connection connection_;
  ternmq::publisher publisher_;
  ternmq::error_info info_;
  std::atomic<ternmq::connection_state> state_{ternmq::connection_state::closed};
  std::mutex mutex_;    // of the next
  std::string reason_;  // why the connection was lost or blocked
  std::thread thread_;
};

Result<void> ClientPublisher::check_urls(const std::vector<std::string>& urls) {
  try {
    static_cast<void>(ternmq::connection_options::from_urls(urls));
    return {};
  } catch (const ternmq::failure& failure) {
    return Error{failure.text().empty() ? failure.what() : failure.text()};
  }
}

ClientPublisher::ClientPublisher(const Settings& settings, const StopSignal& stop)
    : settings_(settings), stop_(stop) {}

ClientPublisher::~ClientPublisher() = default;

Result<void> ClientPublisher::connect() {
  if (link_ && link_->is_blocked())
    return Error{fmt::format("{}: the broker takes no messages just now: {}", link_->where(),
                             link_->reason())};
  if (link_ && link_->is_lost()) link_.reset();
  if (link_) return {};

  auto options = ternmq::connection_options::from_urls(settings_.broker_urls);
  options.recovery.enabled = false;
  if (options.connection_name.empty()) options.connection_name = "ternmq outbox";
  ternmq::publisher_options how;
  how.window = settings_.batch;
  how.mandatory = settings_.fails_unroutable;
  how.on_recovery = ternmq::resend::never;
  auto link = std::make_shared<Link>(std::move(options));
  if (auto opened = link->open(how, stop_); !opened) return opened;
  link_ = std::move(link);
  return {};
}

std::vector<ternmq::outcome> ClientPublisher::publish(std::vector<ternmq::message> messages) {
  ensure(link_ != nullptr, "messages are published on a connection that is there");
  const std::size_t count = messages.size();
  auto outcomes = link_->publish(std::move(messages), stop_, settings_.confirm_timeout);
  if (!outcomes) {
    link_.reset();
    outcomes.emplace(count);
  }
  ensure(outcomes->size() == count, "each message has an outcome");
  const auto lost = std::find_if(outcomes->begin(), outcomes->end(), is_without_answer);
  if (lost == outcomes->end()) return std::move(*outcomes);
  if (link_ && link_->is_lost())
    lost->reply_text = fmt::format("{}: {}", link_->where(), link_->reason());
  link_.reset();
  return std::move(*outcomes);
}

}  // namespace tern::outbox
