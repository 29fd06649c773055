// Fuzzes routing by what a message carries: exchanges of every type are made, bound and asked, with
// names, binding arguments and properties out of the input.
#include "exchange/matcher.hpp"
#include "message/table_view.hpp"

using namespace tern;
using namespace tern::exchange;

namespace {

void run(const ExchangeType& type, const FieldTable& arguments, const RouteInput& input,
         const Binding& from_input) {
  if (!check_exchange(type.name, arguments)) return;
  const auto matcher = make_matcher(type.name, arguments);
  ensure(matcher != nullptr, "accepted arguments make no matcher");
  const Binding plain{{Target::Kind::queue, 7}, "1", ""};
  ensure(matcher->bind(plain), "a first binding was there before");
  const bool fits =
      check_binding(type.name, arguments, {from_input.routing_key, from_input.arguments})
          .has_value();
  const bool is_new = fits && matcher->bind(from_input);
  TargetSet targets;
  matcher->route(input, targets);
  for (const Target target : targets.items())
    ensure(target == plain.target || (is_new && target == from_input.target), "a strange target");
  if (find_routing_type(type.name, arguments)->routes_once)
    ensure(targets.size() == 1, "not one target");
  if (is_new) ensure(matcher->unbind(from_input), "a binding is lost");
  ensure(matcher->unbind(plain) && matcher->empty(), "bindings are left");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(Bytes(reinterpret_cast<const char*>(data), size));
  const Bytes key = reader.short_string();
  const Bytes name = reader.short_string();
  const Bytes table = reader.long_string();
  const Bytes encoded = reader.take(reader.remaining());
  if (reader.has_failed()) return 0;
  const auto arguments = canonical_arguments(table);
  const auto decoded = decode_entries(table);
  const auto properties = PropertiesView::decode(encoded);
  ensure(arguments.has_value() == decoded.has_value(), "two opinions of a table");
  if (!arguments || !properties) return 0;
  const RouteInput input{key, properties->headers(), encoded};
  const Binding binding{{Target::Kind::exchange, 9}, std::string(name), *arguments};
  for (const ExchangeType& type : exchange_types()) {
    run(type, *decoded, input, binding);
    run(type, {{"hash-header", name}, {"x-delayed-type", "x-consistent-hash"}}, input, binding);
    run(type, {{"hash-property", "timestamp"}, {"x-delayed-type", "topic"}}, input, binding);
  }
  return 0;
}
