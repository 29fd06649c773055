// The histogram against the sorted values themselves.
#include "perf/histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace tern::perf;

TEST_CASE("an empty histogram has nothing to say") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.percentile(50) == 0);
  CHECK(histogram.mean() == 0);
  CHECK(draw(histogram).empty());
}

TEST_CASE("values below 64 are exact") {
  Histogram histogram;
  for (Nanos value = 0; value < 64; ++value) histogram.add(value);
  CHECK(histogram.percentile(50) == 31);
  CHECK(histogram.percentile(100) == 63);
  CHECK(histogram.mean() == Approx(31.5));
}

TEST_CASE("percentiles are never too low and at most 1.6 % too high") {
  std::mt19937_64 random(7);
  std::vector<Nanos> values;
  Histogram histogram;
  for (int count = 0; count < 20000; ++count) {
    const Nanos value = random() >> (random() % 60 + 4);
    values.push_back(value);
    histogram.add(value);
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.1, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<std::size_t>(
        std::max(1.0, std::ceil(percent / 100 * static_cast<double>(values.size()))));
    const auto exact = static_cast<double>(values[rank - 1]);
    const auto found = static_cast<double>(histogram.percentile(percent));
    INFO(percent);
    CHECK(found >= exact);
    CHECK(found <= exact * 1.016);
  }
  CHECK(histogram.maximum() == values.back());
}

TEST_CASE("the largest value has a bucket") {
  Histogram histogram;
  histogram.add(~Nanos{0});
  CHECK(histogram.percentile(50) == ~Nanos{0});
}

TEST_CASE("merged histograms are as one") {
  Histogram left, right, both;
  for (Nanos value = 1; value < 5000; value += 3) {
    (value % 2 != 0 ? left : right).add(value * value);
    both.add(value * value);
  }
  left.merge(right);
  CHECK(left.count() == both.count());
  CHECK(left.maximum() == both.maximum());
  CHECK(left.mean() == Approx(both.mean()));
  for (const double percent : {1.0, 50.0, 99.0}) {
    CHECK(left.percentile(percent) == both.percentile(percent));
  }
}

TEST_CASE("the drawing has a line per power of two, the longest bar where most are") {
  Histogram histogram;
  for (int count = 0; count < 10; ++count) histogram.add(3000);
  histogram.add(9000);
  const std::string text = draw(histogram);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK(text.find("2.0 ..         4.1 us   90.909 % " + std::string(50, '#') + "\n") !=
        std::string::npos);
  CHECK(text.find("4.1 ..         8.2 us    0.000 % \n") != std::string::npos);
  CHECK(text.find("9.091 % #####\n") != std::string::npos);
}
