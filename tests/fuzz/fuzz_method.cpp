// Fuzzes the decoding of methods: what is accepted encodes to octets that decode to the same.
#include <string>

#include "amqp/methods.hpp"

using namespace tern;
using namespace tern::amqp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes payload(reinterpret_cast<const char*>(data), size);
  const auto fault = visit_method(payload, [&]<class Method>(const Method& method) {
    std::string encoded;
    append_method(encoded, method);
    ensure(encoded.size() == payload.size(), "method encoded with another length");
    ensure(method_bytes(method) == encoded.size(), "method_bytes is wrong");
    Method again;
    ensure(!decode_arguments(Bytes(encoded).substr(4), again), "own encoding refused");
    ensure(Method::fields(again) == Method::fields(method), "method changed by a round trip");
  });
  if (!fault) return 0;
  const auto error = to_connection_error(*fault, payload);
  ensure(error.has_value() == (fault->kind != MethodFault::unknown_method), "fault without text");
  if (error) ensure(error->text().size() <= 255, "reply text too long");
  return 0;
}
