// The compiled side of the public headers: from handles and operations to commands of the machine.
#include "client/convert.hpp"
#include "client/handles.hpp"
#include "ternmq/connection.hpp"

namespace ternmq {

const char* to_string(connection_state state) noexcept {
  switch (state) {
    case connection_state::closed:
      return "closed";
    case connection_state::connecting:
      return "connecting";
    case connection_state::open:
      return "open";
    case connection_state::blocked:
      return "blocked";
    case connection_state::recovering:
      return "recovering";
  }
  return "unknown";
}

namespace detail {
namespace {

using Machine = core::Machine;

// Runs a member function of the machine with an operation and what comes with it.
template <auto Function, class... Results, class... Values>
void command(const core_ptr& core, operation_ptr<Results...> op, Values&&... values) {
  core->enter(
      [op = std::move(op), ... kept = std::forward<Values>(values)](Machine& machine) mutable {
        (machine.*Function)(std::move(op), std::move(kept)...);
      });
}

// The same of a part, which the handle keeps alive.
template <auto Function, class State, class... Results, class... Values>
void command_part(const std::shared_ptr<State>& state, operation_ptr<Results...> op,
                  Values&&... values) {
  state->owner()->enter(
      [state, op = std::move(op), ... kept = std::forward<Values>(values)](Machine&) mutable {
        (state->part().*Function)(std::move(op), std::move(kept)...);
      });
}

// Called when a part is ready or will never be: completes the operation that asked for it.
template <class Result, class Make>
auto on_ready(Machine& machine, operation_ptr<Result> op, Make make) {
  return [&machine, key = machine.ask(std::move(op)), make](const error_info* error) {
    auto* waiting = machine.claim<Result>(key);
    if (waiting == nullptr) return;
    if (error != nullptr)
      machine.operations().fail(*waiting, *error);
    else
      machine.operations().complete(waiting, make());
  };
}

template <class Result, class Make>
void open_consumer(Machine& machine, const core_ptr& core, operation_ptr<Result> op,
                   std::string&& queue, consumer_options&& options, Make make) {
  auto hook = options.on_forgotten;
  auto& part = machine.add_consumer(std::move(queue), std::move(options));
  const auto state = std::make_shared<consumer_state>(core, part, std::move(hook));
  part.start(state, on_ready(machine, std::move(op), [state, make] { return make(state); }));
  machine.begin(part);
}

template <class Done>
publisher_ptr open_publisher(Machine& machine, const core_ptr& core, publisher_options&& options,
                             Done done) {
  auto& part = machine.add_publisher(std::move(options));
  auto state = std::make_shared<publisher_state>(core, part);
  part.start(done(state));
  machine.begin(part);
  return state;
}

}  // namespace

const asio::any_io_executor& executor_of(const core& owner) noexcept {
  return owner.executor();
}

void request_cancel(const std::weak_ptr<core>& owner, const std::shared_ptr<cancel_token>& token) {
  if (const core_ptr core = owner.lock())
    core->enter([token](Machine& machine) { machine.operations().cancel(*token); });
}

core_ptr make_core(asio::any_io_executor executor, connection_options options) {
  auto made = std::make_shared<core>(std::move(executor), std::move(options));
  made->enrol();
  return made;
}

void stop(const core_ptr& core) noexcept {
  core->enter_later([](Machine& machine) { machine.stop(); });
}

void watch(const core_ptr& core, std::function<void(const state_change&)> watcher) {
  core->enter([watcher = std::move(watcher)](Machine& machine) { machine.watch(watcher); });
}

connection_state state_of(const core& core) noexcept {
  return core.state();
}

// --- the connection -----------------------------------------------------------------------------

void start_open(operation_ptr<> op, const core_ptr& core) {
  command<&Machine::open>(core, std::move(op));
}
void start_close(operation_ptr<> op, const core_ptr& core) {
  command<&Machine::close>(core, std::move(op));
}
void start_declare(operation_ptr<std::vector<queue_status>> op, const core_ptr& core,
                   topology&& what) {
  command<&Machine::declare>(core, std::move(op), std::move(what));
}
void start_inspect(operation_ptr<queue_status> op, const core_ptr& core, std::string&& queue) {
  command<&Machine::inspect>(core, std::move(op), std::move(queue));
}
void start_purge(operation_ptr<std::uint32_t> op, const core_ptr& core, std::string&& queue) {
  command<&Machine::purge>(core, std::move(op), std::move(queue));
}
void start_delete_queue(operation_ptr<std::uint32_t> op, const core_ptr& core,
                        std::string&& queue) {
  command<&Machine::delete_queue>(core, std::move(op), std::move(queue));
}
void start_delete_exchange(operation_ptr<> op, const core_ptr& core, std::string&& exchange) {
  command<&Machine::delete_exchange>(core, std::move(op), std::move(exchange));
}
void start_unbind(operation_ptr<> op, const core_ptr& core, binding&& what) {
  command<&Machine::unbind>(core, std::move(op), std::move(what));
}

void start_publisher(operation_ptr<publisher> op, const core_ptr& core,
                     publisher_options&& options) {
  core->enter([core, op = std::move(op), options = std::move(options)](Machine& machine) mutable {
    open_publisher(machine, core, std::move(options), [&](const publisher_ptr& state) {
      return on_ready(machine, std::move(op), [state] { return publisher(state); });
    });
  });
}

void start_consumer(operation_ptr<consumer> op, const core_ptr& core, std::string&& queue,
                    consumer_options&& options) {
  core->enter([core, op = std::move(op), queue = std::move(queue),
               options = std::move(options)](Machine& machine) mutable {
    open_consumer(machine, core, std::move(op), std::move(queue), std::move(options),
                  [](const consumer_ptr& state) { return consumer(state); });
  });
}

void start_try_get(operation_ptr<std::optional<delivery>> op, const core_ptr& core,
                   std::string&& queue) {
  core->enter([core, op = std::move(op), queue = std::move(queue)](Machine& machine) mutable {
    if (!tern::client::is_short(queue))
      return machine.operations().fail(*op.release(),
                                       {.code = make_error_code(errc::invalid_argument)});
    auto& part = machine.add_consumer(std::move(queue), {});
    part.start_get(std::make_shared<consumer_state>(core, part, nullptr), std::move(op));
    machine.begin(part);
  });
}

void start_rpc_client(operation_ptr<rpc_client> op, const core_ptr& core) {
  core->enter([core, op = std::move(op)](Machine& machine) mutable {
    auto& part = machine.add_rpc();
    const auto state = std::make_shared<rpc_state>(core, part);
    part.start(on_ready(machine, std::move(op), [state] { return rpc_client(state); }));
    machine.begin(part);
  });
}

void start_rpc_server(operation_ptr<rpc_server> op, const core_ptr& core, std::string&& queue,
                      consumer_options&& options) {
  core->enter([core, op = std::move(op), queue = std::move(queue),
               options = std::move(options)](Machine& machine) mutable {
    // Replies are sent on a channel that is opened along; it is ready before a request can come,
    // or they wait for it.
    publisher_options replies;
    replies.on_recovery = resend::never;
    const auto publishing =
        open_publisher(machine, core, std::move(replies), [](const publisher_ptr&) {
          return tern::client::PublisherPart::OnReady([](const error_info*) {});
        });
    open_consumer(machine, core, std::move(op), std::move(queue), std::move(options),
                  [publishing](const consumer_ptr& state) {
                    return rpc_server(consumer(state), publisher(publishing));
                  });
  });
}

// --- publishers ---------------------------------------------------------------------------------

const core_ptr& core_of(const publisher_state& publisher) noexcept {
  return publisher.owner();
}
void start_publish(operation_ptr<outcome> op, const publisher_ptr& publisher, message&& what) {
  command_part<&tern::client::PublisherPart::publish>(publisher, std::move(op), std::move(what));
}
void start_send(operation_ptr<std::uint64_t> op, const publisher_ptr& publisher, message&& what) {
  command_part<&tern::client::PublisherPart::send>(publisher, std::move(op), std::move(what));
}
void start_batch(operation_ptr<std::vector<outcome>> op, const publisher_ptr& publisher,
                 std::vector<message>&& what) {
  command_part<&tern::client::PublisherPart::batch>(publisher, std::move(op), std::move(what));
}
void start_drain(operation_ptr<publish_report> op, const publisher_ptr& publisher) {
  command_part<&tern::client::PublisherPart::drain>(publisher, std::move(op));
}
void start_close(operation_ptr<> op, const publisher_ptr& publisher) {
  command_part<&tern::client::PublisherPart::close>(publisher, std::move(op));
}

// --- consumers and calls ------------------------------------------------------------------------

const core_ptr& core_of(const consumer_state& consumer) noexcept {
  return consumer.owner();
}
void start_next(operation_ptr<delivery> op, const consumer_ptr& consumer) {
  command_part<&tern::client::ConsumerPart::next>(consumer, std::move(op));
}
void start_next_batch(operation_ptr<std::vector<delivery>> op, const consumer_ptr& consumer,
                      std::size_t max) {
  command_part<&tern::client::ConsumerPart::next_batch>(consumer, std::move(op), max);
}
void start_commit(operation_ptr<> op, const consumer_ptr& consumer, std::vector<message>&& with) {
  command_part<&tern::client::ConsumerPart::commit>(consumer, std::move(op), std::move(with));
}
void start_cancel(operation_ptr<> op, const consumer_ptr& consumer) {
  command_part<&tern::client::ConsumerPart::cancel>(consumer, std::move(op));
}
void start_drain(operation_ptr<> op, const consumer_ptr& consumer) {
  command_part<&tern::client::ConsumerPart::drain>(consumer, std::move(op));
}

const core_ptr& core_of(const rpc_state& client) noexcept {
  return client.owner();
}
void start_call(operation_ptr<received_message> op, const rpc_ptr& client, message&& request) {
  command_part<&tern::client::RpcPart::call>(client, std::move(op), std::move(request));
}

namespace {

// Waits for a delivery and makes a request of it for the operation that asked.
class NextRequest final : public operation<delivery> {
 public:
  NextRequest(operation_ptr<rpc_request> outer, publisher replies)
      : outer_(std::move(outer)), replies_(std::move(replies)) {
    timeout_ms = outer_->timeout_ms;
    info = outer_->info;
    cancelling = outer_->cancelling;
    if (cancelling) cancelling->target = this;
  }
  void invoke() override {
    const std::unique_ptr<NextRequest> self(this);
    operation<rpc_request>* outer = outer_.release();
    outer->error = error;
    if (!error)
      std::get<0>(outer->results) = rpc_request(std::move(std::get<0>(results)), replies_);
    outer->invoke();
  }
  void destroy() noexcept override { delete this; }

 private:
  operation_ptr<rpc_request> outer_;
  publisher replies_;
};

}  // namespace

void start_next_request(operation_ptr<rpc_request> op, const consumer& from,
                        const publisher& replies) {
  start_next(operation_ptr<delivery>(new NextRequest(std::move(op), replies)), from.state());
}

}  // namespace detail

std::uint64_t publisher::try_send(const message& what) {
  detail::core::Machine* machine = state_->owner()->machine();
  if (machine == nullptr) return 0;
  const std::uint64_t id = state_->part().try_send(what);
  if (id != 0) state_->owner()->commanded();
  return id;
}

std::size_t publisher::in_flight() const noexcept {
  return state_->part().in_flight();
}

std::uint64_t consumer::forgotten() const noexcept {
  return state_->forgotten();
}

void ack_all(std::vector<delivery>& deliveries) {
  for (delivery& one : deliveries) one.ack();
}

error_code rpc_request::reply(message with) {
  if (is_settled()) return make_error_code(errc::already_settled);
  with.exchange.clear();
  with.routing_key = reply_to();
  with.properties.correlation_id = correlation_id();
  with.properties.persistent = false;
  replies_.publish(std::move(with), [](error_code, const outcome&) {});
  return ack();
}

}  // namespace ternmq
