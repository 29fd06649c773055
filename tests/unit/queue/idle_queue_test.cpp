// What a queue costs that nobody uses.
#include <malloc.h>

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "queue/queue.hpp"
#include "unit/queue/null_sink.hpp"
#include "unit/queue/times.hpp"

namespace tern::queue::test {

// A broker may have a hundred thousand of them. What only few queues need is made when they need
// it: an empty std::deque alone would be 600 bytes. (With sanitizers mallinfo2 counts nothing.)
TEST_CASE("an idle queue is small") {
  constexpr std::size_t count = 1000;
  NullSink sink;
  std::vector<std::unique_ptr<Queue>> queues(count);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t number = 0; number != count; ++number) {
    const Settings settings{.id = QueueId{static_cast<std::uint32_t>(number) + 1}, .durable = true};
    queues[number] = std::make_unique<Queue>(settings, sink);
    queues[number]->configure(Rules{}, at(0));
  }
  CHECK((mallinfo2().uordblks - before) / count < 1100);
}

}  // namespace tern::queue::test
