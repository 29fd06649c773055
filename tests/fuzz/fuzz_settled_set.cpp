// Fuzzes settled sets as a damaged disk would show them. What is accepted answers its questions
// consistently, stops where its encoding ends, and says the same after a round trip.
#include <algorithm>

#include "base/ensure.hpp"
#include "storage/settled_set.hpp"

using namespace tern;
using namespace tern::storage;

namespace {

// Where the encoding says that the set lies, at most as much as is worth looking at.
struct Range {
  Position first = 0;
  Position last = 0;
};

Range described_by(Bytes encoded) {
  ByteReader from(encoded);
  const std::uint64_t base = from.varint();
  const std::uint64_t chunks = std::min<std::uint64_t>(from.varint(), 16);
  const Position first = base * SettledSet::chunk_positions;
  return {first, first + chunks * SettledSet::chunk_positions};
}

void check_answers(const SettledSet& set, Range range) {
  Position run = range.first;  // the first of those settled up to here
  for (Position at = range.first; at < range.last; ++at) {
    const bool is_settled = set.contains(at);
    ensure(set.contains_all(at, at + 1) == is_settled, "one position, two answers");
    ensure(set.contains_all(run, at + 1) == is_settled, "a range that disagrees with its parts");
    if (is_settled) {
      ensure(set.may_contain_any(at, at + 1), "says that a settled position is none");
    } else {
      run = at + 1;
    }
  }
  if (range.first > 0) ensure(!set.contains(range.first - 1), "settled below the set");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const char*>(data), size);
  ByteReader reader(input);
  const auto set = SettledSet::decode(reader);
  if (!set) return 0;
  ensure(reader.ok(), "accepted with an error");
  const Range range = described_by(input);
  check_answers(*set, range);

  std::string value;
  set->encode(value);
  ensure(value.size() <= size - reader.left(), "settled set grew");
  ByteReader again_reader(value);
  const auto again = SettledSet::decode(again_reader);
  ensure(again.has_value(), "own encoding refused");
  ensure(again_reader.at_end(), "own encoding read in part");
  for (Position at = range.first; at < range.last; ++at)
    ensure(set->contains(at) == again->contains(at), "a position changed by a round trip");
  return 0;
}
