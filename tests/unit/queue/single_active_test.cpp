// Single active consumer, on Consumers alone.
#include <catch2/catch.hpp>

#include "queue/consumers.hpp"
#include "unit/queue/null_sink.hpp"

namespace tern::queue::test {

namespace {
ConsumerId id_of(std::uint32_t number) {
  return {.session = {.shard = ShardId{0}, .number = 1}, .number = number};
}

struct SingleLine {
  NullSink sink;
  Consumers consumers{sink};

  void add(std::uint32_t number, ConsumerSpec spec = {}) {
    spec.id = id_of(number);
    REQUIRE(consumers.add(spec) == ConsumeError::none);
  }
  /// Serves `count` messages; who got them.
  std::string serve(int count) {
    std::string text;
    for (; count != 0; --count) {
      const auto index = consumers.pick(1);
      if (index == Consumers::none) return text + "-";
      text += std::to_string(consumers.at(index).id.number);
      consumers.served(index, 1);
    }
    return text;
  }
};
}  // namespace

TEST_CASE("the first registered is the single active consumer, then the next in order") {
  SingleLine line;
  line.consumers.set_single_active(true);
  line.add(1);
  line.add(2, {.id = {}, .priority = 10});
  line.add(3);
  line.add(4);
  CHECK(line.serve(3) == "111");
  line.consumers.remove(id_of(3));
  CHECK(line.serve(1) == "1");
  // It still holds four messages when the next takes over.
  line.consumers.remove(id_of(1));
  CHECK(line.serve(2) == "22");
  line.add(5);
  line.consumers.remove(id_of(2));
  CHECK(line.serve(1) == "4");
  line.consumers.remove(id_of(4));
  line.consumers.remove(id_of(5));
  CHECK(line.serve(1) == "-");
  line.add(6);
  CHECK(line.serve(1) == "6");
}

TEST_CASE("a full single active consumer is not passed over") {
  SingleLine line;
  line.consumers.set_single_active(true);
  line.add(1, {.id = {}, .prefetch = 1});
  line.add(2);
  CHECK(line.serve(2) == "1-");
  line.consumers.settled(line.consumers.find(id_of(1)), 1);
  CHECK(line.serve(2) == "1-");
  CHECK_FALSE(line.consumers.any_able());
}

TEST_CASE("a single active consumer can be asked for and turned off on a running queue") {
  SingleLine line;
  line.add(1);
  line.add(2);
  line.add(3);
  CHECK(line.serve(3) == "123");
  line.consumers.set_single_active(true);
  CHECK(line.serve(2) == "11");
  line.consumers.remove(id_of(1));
  CHECK(line.serve(2) == "22");
  line.consumers.set_single_active(false);
  CHECK(line.serve(4) == "2323");
}

TEST_CASE("no exclusive consumer beside the rule of a single active one") {
  SingleLine line;
  line.consumers.set_single_active(true);
  CHECK(line.consumers.add({.id = id_of(1), .exclusive = true}) == ConsumeError::in_exclusive_use);
  line.consumers.set_single_active(false);
  CHECK(line.consumers.add({.id = id_of(1), .exclusive = true}) == ConsumeError::none);
  // One that was there before stays.
  line.consumers.set_single_active(true);
  CHECK(line.serve(1) == "1");
}

TEST_CASE("a waiting consumer is not asked for permits, and takes over with its own") {
  class Asked : public NullSink {
   public:
    void permits_wanted(const ConsumerId& consumer, std::uint32_t) override {
      numbers.push_back(consumer.number);
    }
    std::vector<ConsumerNumber> numbers;
  };
  Asked sink;
  Consumers consumers(sink);
  consumers.set_single_active(true);
  REQUIRE(consumers.add({.id = id_of(1)}) == ConsumeError::none);
  REQUIRE(consumers.add({.id = id_of(2), .gated = true}) == ConsumeError::none);
  CHECK(consumers.pick(5) == consumers.find(id_of(1)));
  CHECK(sink.numbers.empty());
  consumers.remove(id_of(1));
  CHECK(consumers.pick(5) == Consumers::none);
  CHECK(sink.numbers == std::vector<ConsumerNumber>{2});
  consumers.permit(id_of(2), 1);
  CHECK(consumers.pick(5) == consumers.find(id_of(2)));
}

}  // namespace tern::queue::test
