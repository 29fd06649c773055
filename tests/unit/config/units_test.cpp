// Sizes and durations: what is read, what is refused, and that what is printed is read back.
#include "config/units.hpp"

#include <catch2/catch.hpp>

namespace tern::config {

using std::chrono::milliseconds;

TEST_CASE("a size is bytes or has a unit of 1024 or 1000, in any case") {
  CHECK(*parse_size("0") == 0);
  CHECK(*parse_size("131072") == 131072);
  CHECK(*parse_size("7B") == 7);
  CHECK(*parse_size("64KiB") == 65536);
  CHECK(*parse_size("16mib") == 16ULL << 20);
  CHECK(*parse_size("1 GiB") == 1ULL << 30);
  CHECK(*parse_size("2TiB") == 2ULL << 40);
  CHECK(*parse_size("1kB") == 1000);
  CHECK(*parse_size("3MB") == 3'000'000);
}

TEST_CASE("a size that is none says why") {
  CHECK(parse_size("").error().text == "is not a size");
  CHECK(parse_size("big").error().text == "is not a size");
  CHECK(parse_size("-1").error().text == "is not a size");
  CHECK(parse_size("1.5GiB").error().text ==
        "has an unknown unit '.5GiB' (units: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB)");
  CHECK(parse_size("99999999999999999999").error().text == "is too large");
  CHECK(parse_size("17000000TiB").error().text == "is too large");
  CHECK(*parse_size("16777215TiB") == 16777215ULL << 40);
}

TEST_CASE("a duration has a unit") {
  CHECK(*parse_duration("500ms") == milliseconds(500));
  CHECK(*parse_duration("10s") == milliseconds(10'000));
  CHECK(*parse_duration("5m") == milliseconds(300'000));
  CHECK(*parse_duration("2 h") == milliseconds(7'200'000));
  CHECK(*parse_duration("1d") == milliseconds(86'400'000));
  CHECK(*parse_duration("0") == milliseconds(0));
  CHECK(parse_duration("60").error().text == "has no unit (units: ms, s, m, h, d)");
  CHECK(parse_duration("1week").error().text ==
        "has an unknown unit 'week' (units: ms, s, m, h, d)");
  CHECK(parse_duration("soon").error().text == "is not a duration");
  CHECK(parse_duration("9223372036854775807s").error().text == "is too large");
}

TEST_CASE("a number has digits only") {
  CHECK(*parse_number("5672") == 5672);
  CHECK(parse_number("0x10").error().text == "is not a whole number");
  CHECK(parse_number(" 1").error().text == "is not a whole number");
  CHECK(parse_number("+1").error().text == "is not a whole number");
}

TEST_CASE("what is printed is read back") {
  CHECK(format_size(0) == "0");
  CHECK(format_size(4096) == "4KiB");
  CHECK(format_size(1000) == "1000");
  CHECK(format_size(192ULL << 20) == "192MiB");
  CHECK(format_duration(milliseconds(60'000)) == "60s");
  CHECK(format_duration(milliseconds(1'500)) == "1500ms");
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1536ULL, 1ULL << 40, ~0ULL}) {
    CHECK(*parse_size(format_size(bytes)) == bytes);
  }
}

}  // namespace tern::config
