// Messages that wait for their time, case by case; delayed_set_random_test.cpp has the random ones.
#include <random>

#include "unit/queue/delayed_set_bench.hpp"

namespace tern::queue::test {

TEST_CASE("delayed messages are released in order of their time") {
  DelayBench bench;
  bench.add("c", 300);
  bench.add("a", 100, false);
  bench.add("b", 200);
  CHECK(bench.set->count() == 3);
  CHECK(bench.context->counts.delayed == 3);
  CHECK(bench.set->next_due() == at(100));
  CHECK(bench.store.told == 1);
  bench.run(99);
  CHECK(bench.taken().empty());
  bench.run(250);
  CHECK(bench.taken() == "a b");
  CHECK(bench.set->next_due() == at(300));
  bench.run(300);
  CHECK(bench.taken() == "c");
  // What was staged is settled with the new copy, not withdrawn: its publisher waits for that.
  CHECK(bench.store.withdrawn == 0);
  bench.commit();
  CHECK(bench.store.kept.empty());
  CHECK(bench.context->counts.delayed == 0);
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("what is stored leaves memory, and is read when it is due") {
  DelayBench bench;
  for (int number = 1; number <= 100; ++number) bench.add(std::to_string(number), 1000 + number);
  CHECK(bench.context->counts.resident_bytes != 0);
  CHECK(bench.store.wakes == 1);
  bench.commit();
  CHECK(bench.context->counts.resident_bytes == 0);
  CHECK(bench.set->count() == 100);
  bench.run_all(1003);
  CHECK(bench.taken() == "1 2 3");
  CHECK(bench.store.reads == 1);
  CHECK(bench.store.kept.size() == 97);
  bench.run_all(2000);
  CHECK(bench.store.reads == 2);
  CHECK(bench.released.size() == 97);
  CHECK(bench.store.kept.empty());
  CHECK(bench.set->count() == 0);
}

TEST_CASE("a message that must be read is not overtaken by one in memory") {
  DelayBench bench;
  bench.add("a", 100);
  bench.commit();
  bench.add("b", 101);
  bench.run(200);
  CHECK(bench.taken().empty());
  bench.commit();
  bench.answer();
  bench.run(200);
  CHECK(bench.taken() == "a b");
  CHECK(bench.store.reads == 1);
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("transient messages are spilled when there are too many of them") {
  DelayBench bench(10'000);
  const std::string body(1000, 'x');
  for (int number = 0; number != 50; ++number) bench.add(body, 1000 - number, false);
  CHECK(bench.store.staged.size() > 35);
  CHECK(bench.set->is_overfull());
  bench.commit();
  CHECK(bench.set->is_relaxed());
  CHECK(bench.set->count() == 50);
  bench.run_all(2000);
  CHECK(bench.released.size() == 50);
  CHECK(bench.store.kept.empty());
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("no more than the budget is released in one go") {
  DelayBench bench;
  for (int number = 1; number <= 10; ++number) bench.add(std::to_string(number), number);
  bench.context->now = at(20);
  std::uint32_t budget = 4;
  bench.set->fire(budget);
  CHECK(budget == 0);
  CHECK(bench.taken() == "1 2 3 4");
}

TEST_CASE("a waiting message can be cancelled, in memory and in the store") {
  DelayBench bench;
  bench.add("a", 100);
  bench.add("b", 200);
  bench.commit();
  bench.add("c", 300);
  CHECK(bench.set->remove(1));
  CHECK(bench.set->remove(3));
  CHECK_FALSE(bench.set->remove(3));
  CHECK_FALSE(bench.set->remove(4));
  CHECK(bench.store.withdrawn == 1);
  CHECK(bench.set->count() == 1);
  bench.run_all(50);
  CHECK(bench.store.kept.size() == 1);
  bench.run_all(500);
  CHECK(bench.taken() == "b");
  CHECK(bench.store.kept.empty());
}

TEST_CASE("a waiting message can be released before its time, once") {
  DelayBench bench;
  bench.add("a", 100);
  bench.add("b", 200);
  bench.commit();
  bench.add("c", 300);
  CHECK(bench.set->run_now(2));
  CHECK(bench.set->run_now(2));
  CHECK(bench.set->run_now(3));
  bench.run_all(10);
  CHECK(bench.taken() == "c b");
  CHECK_FALSE(bench.set->run_now(2));
  bench.run_all(500);
  CHECK(bench.taken() == "a");
}

TEST_CASE("cancelling a message that is being read for its release drops it") {
  DelayBench bench;
  bench.add("a", 100);
  bench.add("b", 100);
  bench.commit();
  bench.run(150);
  REQUIRE(bench.store.reading);
  CHECK(bench.set->remove(1));
  bench.run_all(150);
  CHECK(bench.taken() == "b");
  CHECK(bench.store.kept.empty());
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("delayed messages are there after a restart, released once, and marked") {
  DelayBench bench;
  for (int number = 1; number <= 20; ++number)
    bench.add(std::to_string(number), number * 10, number % 4 != 0);
  bench.commit();
  bench.run_all(55);
  CHECK(bench.taken() == "1 2 3 4 5");
  REQUIRE(bench.set->has_marks());
  CHECK(bench.set->take_marks().low_water == 6);
  CHECK_FALSE(bench.set->has_marks());

  bench.set.reset();
  bench.store.restart();
  bench.make_set(16 << 20);
  bench.set->restore(bench.recovered());
  CHECK(bench.set->count() == 11);
  bench.run_all(55);
  // The index still named those that were released.
  CHECK(bench.taken().empty());
  CHECK(bench.set->count() == 11);
  CHECK(bench.set->next_due() == at(60));
  bench.add("21", 65);
  bench.commit();
  bench.run_all(75);
  CHECK(bench.taken() == "6 21 7");
  CHECK(bench.set->remove(9));
  bench.run_all(1000);
  CHECK(bench.taken() == "10 11 13 14 15 17 18 19");
  CHECK(bench.set->count() == 0);
  CHECK(bench.store.kept.empty());
  CHECK(bench.set->take_marks().low_water == 21);
}

TEST_CASE("until what is due was read, the store keeps its entry and its place") {
  DelayBench bench;
  bench.add("a", 100);
  bench.add("b", 20'000);
  bench.add("c", 90'000);
  bench.commit();
  bench.run(30'000);
  REQUIRE(bench.store.reading);
  CHECK(bench.store.index.size() == 3);
  CHECK(bench.set->remove(1));
  CHECK(bench.set->take_marks().low_water == 1);
  bench.run_all(30'000);
  CHECK(bench.taken() == "b");
  CHECK(bench.store.index.size() == 1);
  CHECK(bench.set->take_marks().low_water == 3);
}

TEST_CASE("a read that fails is tried again, and a lost message blocks nobody") {
  DelayBench bench;
  bench.add("a", 100);
  bench.add("b", 101);
  bench.commit();
  bench.run(200);
  const auto range = *bench.store.reading;
  bench.store.reading.reset();
  bench.set->loaded(range.from, range.from, {});
  bench.run(200);
  CHECK_FALSE(bench.store.reading);
  CHECK(bench.set->next_due() == at(200) + DelayedSet::read_again);
  bench.store.kept.erase(1);
  bench.run_all(300);
  CHECK(bench.taken() == "b");
  CHECK(bench.set->count() == 0);
}

TEST_CASE("hundreds of thousands of delayed messages take no memory each") {
  DelayBench bench;
  std::mt19937 engine(1);
  for (int number = 0; number != 300'000; ++number) {
    const auto due = static_cast<std::int64_t>(1000 + engine() % 1'000'000);
    bench.set->add(make("x", true), {}, at(due));
    if (number % 1000 != 999) continue;
    bench.store.commit_to(bench.store.staged.size());
    bench.set->balance();
    REQUIRE(bench.context->counts.resident_bytes == 0);
  }
  CHECK(bench.set->count() == 300'000);
  bench.run_all(2000);
  CHECK(bench.released.size() > 200);
  CHECK(bench.context->counts.resident_bytes == 0);
}

}  // namespace tern::queue::test
