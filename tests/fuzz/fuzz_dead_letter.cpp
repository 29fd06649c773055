// Fuzzes dead letters and redriving with headers as a client may send them: nothing is lost but
// what has to go, and the result is as well-formed as what came in.
#include "dlq/redrive.hpp"
#include "message/properties.hpp"
#include "message/table_view.hpp"

using namespace tern;

namespace {

constexpr Time now{std::chrono::seconds{1'700'000'000}};

Bytes headers_of(const Message& message) {
  const auto view = PropertiesView::decode(message.properties());
  ensure(view.has_value(), "properties that do not decode");
  return view->headers();
}

void check_death(const Message& letter, Bytes queue) {
  const auto field = TableView(headers_of(letter)).find("x-death");
  ensure(field && field->tag == 'A', "a dead letter without x-death");
  const auto first = ArrayView(field->content).next();
  ensure(first && first->tag == 'F', "no table in front of x-death");
  const auto name = TableView(first->content).find("queue");
  ensure(name && name->text() == queue, "the newest death is not in front");
}

void check_redrive(const Message& letter) {
  const auto origin = dlq::origin_of(letter);
  if (!origin) return;
  ensure(!origin->routing_keys.empty(), "an origin without a key");
  const dlq::Republish sent = dlq::redrive(letter, "from", *origin, now);
  ensure(sent.message->exchange() == origin->exchange, "sent to another exchange");
  ensure(!TableView(headers_of(*sent.message)).find("x-death"), "x-death was not moved");
  ensure(TableView(headers_of(*sent.message)).find("x-redriven").has_value(), "no mark");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes encoded(reinterpret_cast<const char*>(data), size);
  const auto view = PropertiesView::decode(encoded);
  if (!view) return 0;
  MessageRef message =
      MessageRef::gather({.names = Bytes("\1x\1k", 4), .properties = encoded, .body = "body"});
  using queue::LeaveReason;
  const dlq::Source keyed{
      .queue = "a", .exchange = "", .routing_key = "b", .has_routing_key = true};
  const dlq::Source plain{.queue = "b", .exchange = "dlx", .routing_key = {}};
  message = dlq::dead_letter(*message, LeaveReason::expired, keyed, now).message;
  check_death(*message, "a");
  ensure(dlq::closes_cycle(*message, LeaveReason::expired, "a"), "a cycle of one is not seen");
  ensure(!TableView(headers_of(*message)).find("CC"), "CC is still there");
  check_redrive(*message);
  const dlq::Republish second = dlq::dead_letter(*message, LeaveReason::rejected, plain, now);
  check_death(*second.message, "b");
  ensure(second.routing_keys.size() == 1, "keys out of nowhere");
  ensure(!dlq::closes_cycle(*second.message, LeaveReason::expired, "a"), "a rejection is no cycle");
  check_redrive(*second.message);
  return 0;
}
