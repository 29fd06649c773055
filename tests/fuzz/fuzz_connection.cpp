// Fuzzes a whole connection with what a client may send, on a fake broker. The first octet says
// whether the handshake has been done before, and how the rest is cut into pieces.
#include "unit/amqp/session_fixture.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace tern::amqp::testing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Client client;
  client.options.message_bytes_max = 1 << 20;
  client.options.random = [] { return std::uint64_t{42}; };
  client.broker.settle_at_once = (data[0] & 2) != 0;
  client.broker.add_queue("q");
  client.broker.gettable["q"] = {Client::make_message("got")};
  if ((data[0] & 1) != 0) {
    client.open_channel();
    client.deliver(client.consume("c"), 1, "delivered");
  }
  const std::size_t piece = 1 + (data[0] >> 2);
  Bytes rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!rest.empty()) {
    client.feed(rest.substr(0, piece * piece));
    rest.remove_prefix(std::min(rest.size(), piece * piece));
    client.connection->tick(client.now += Millis{100});
    // Whatever came in, what goes out is whole frames of known methods.
    static_cast<void>(client.take());
  }
  return 0;
}
