// The client's machine and a broker in memory, joined by a wire that a test can look at, cut into
// pieces, and tear. Time moves when the test says so.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>

#include "client/convert.hpp"
#include "client/machine.hpp"
#include "client/read_buffer.hpp"
#include "unit/client/mini_broker.hpp"

namespace tern::client {

/// What a completed operation left behind.
template <class... Results>
struct Outcome {
  bool is_done = false;
  ternmq::error_code error;
  error_info info;
  std::tuple<Results...> results;
};

/// An operation whose handler writes its result down.
template <class... Results>
class NotedOperation final : public operation<Results...> {
 public:
  explicit NotedOperation(std::shared_ptr<Outcome<Results...>> into) : into_(std::move(into)) {
    this->info = &into_->info;
  }
  void invoke() override {
    into_->is_done = true;
    into_->error = this->error;
    into_->results = std::move(this->results);
    delete this;
  }
  void destroy() noexcept override { delete this; }

 private:
  std::shared_ptr<Outcome<Results...>> into_;
};

template <class... Results>
class Asked {
 public:
  [[nodiscard]] OperationPtr<Results...> operation(Tick timeout = 0) {
    auto op = std::make_unique<NotedOperation<Results...>>(outcome_);
    op->timeout_ms = timeout;
    return OperationPtr<Results...>(op.release());
  }
  [[nodiscard]] bool is_done() const { return outcome_->is_done; }
  [[nodiscard]] ternmq::error_code error() const { return outcome_->error; }
  [[nodiscard]] const std::string& text() const { return outcome_->info.text; }
  template <std::size_t I = 0>
  [[nodiscard]] auto& result() {
    return std::get<I>(outcome_->results);
  }
  [[nodiscard]] bool is_good() const { return is_done() && !error(); }

 private:
  std::shared_ptr<Outcome<Results...>> outcome_ = std::make_shared<Outcome<Results...>>();
};

struct MachineFixture {
  explicit MachineFixture(ternmq::connection_options options = {}) : machine(std::move(options)) {
    machine.set_time(now);
  }

  /// What the driver does, until nothing moves: `piece` bytes at a time towards the client.
  void run(std::size_t piece = SIZE_MAX) {
    for (bool moved = true; moved;) {
      moved = false;
      while (operation_base* op = machine.operations().pop()) {
        op->invoke();
        moved = true;
      }
      machine.end_turn();
      if (wire && !machine.output().empty()) {
        const std::string sent = std::exchange(machine.output(), {});
        wire->feed(sent);
        machine.wrote(0);
        moved = true;
      }
      moved |= act();
      if (wire && !wire->out.empty()) {
        moved = true;
        const std::string some = wire->out.substr(0, std::min(piece, bytes_left));
        wire->out.erase(0, some.size());
        bytes_left -= some.size();
        receive(some);
        if (bytes_left == 0) tear();
      }
    }
  }
  /// The connection breaks, as a read error tells it.
  void tear() {
    wire.reset();
    bytes_left = SIZE_MAX;
    machine.disconnected({boost::asio::error::connection_reset, "torn"});
  }
  void advance(Tick by) {
    now += by;
    machine.set_time(now);
    machine.tick();
    run();
  }
  /// Lets time pass until the machine wants nothing of it or `done` holds.
  template <class Done>
  void advance_until(Done done) {
    for (int step = 0; step < 200 && !done() && machine.next_wake() != never; ++step)
      advance(std::max<Tick>(machine.next_wake() - now, 0));
  }
  void open() {
    Asked<> opened;
    machine.open(opened.operation());
    run();
    REQUIRE(opened.is_good());
  }
  PublisherPart& publisher(ternmq::publisher_options options = {}) {
    auto& part = machine.add_publisher(std::move(options));
    part.start([](const error_info*) {});
    machine.begin(part);
    return part;
  }

  MiniBroker broker;
  std::unique_ptr<MiniConnection> wire;
  Tick now = 1000;
  std::size_t bytes_left = SIZE_MAX;  ///< that the client gets before the wire is torn
  std::vector<std::size_t> dialled;
  bool is_broker_up = true;
  Machine machine;

 private:
  bool act() {
    const SocketAction action = machine.take_action();
    if (action.kind == SocketAction::Kind::none) return false;
    wire.reset();
    if (action.kind == SocketAction::Kind::disconnect) {
      machine.disconnected({});
      return true;
    }
    dialled.push_back(action.host);
    if (!is_broker_up) {
      machine.disconnected({boost::asio::error::connection_refused, "refused"});
      return true;
    }
    input.reset();
    wire = std::make_unique<MiniConnection>(broker);
    machine.connected();
    return true;
  }
  void receive(Bytes bytes) {
    while (!bytes.empty()) {
      const auto room = input.prepare(machine.bytes_wanted());
      const std::size_t count = std::min(room.bytes, bytes.size());
      std::copy_n(bytes.data(), count, room.data);
      input.commit(count);
      bytes.remove_prefix(count);
      const Bytes unread = input.unread();
      input.consume(machine.feed(input.lease(), unread.data(), unread.size()));
    }
  }

  ReadBuffer input;
};

}  // namespace tern::client
