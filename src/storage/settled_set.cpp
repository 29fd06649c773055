#include "storage/settled_set.hpp"

#include <algorithm>
#include <cstring>

#include "base/ensure.hpp"

namespace tern::storage {
namespace {

constexpr std::uint64_t all_ones = ~std::uint64_t{0};

// Chunk tags on disk. Runs of equal chunks carry their number; a mixed chunk is either its words or
// (when that is shorter) the lengths of its runs, beginning with an unsettled one.
enum Tag : std::uint8_t { tag_empty, tag_full, tag_words, tag_runs };
constexpr std::size_t runs_max = 24;  // each takes up to two bytes; more, and words are shorter

// More chunks than any real queue has (2^40 positions): a length that lies must not exhaust memory.
constexpr std::uint64_t chunks_max = 1ULL << 22;

std::uint64_t mask(std::uint64_t from, std::uint64_t to) {  // bits [from, to), to - from >= 1
  const std::uint64_t width = to - from;
  return (width == 64 ? all_ones : (std::uint64_t{1} << width) - 1) << from;
}

}  // namespace

SettledSet::Words SettledSet::full_words = {all_ones, all_ones, all_ones, all_ones,
                                            all_ones, all_ones, all_ones, all_ones};

void SettledSet::fill(Position first, Position last) {
  if (first >= last) return;
  const std::uint64_t first_chunk = first / chunk_positions;
  const std::uint64_t last_chunk = (last - 1) / chunk_positions;
  if (chunks_.empty()) base_ = first_chunk;
  if (first_chunk < base_) {
    std::vector<Chunk> front(base_ - first_chunk);
    chunks_.insert(chunks_.begin(), std::make_move_iterator(front.begin()),
                   std::make_move_iterator(front.end()));
    base_ = first_chunk;
  }
  if (last_chunk - base_ >= chunks_.size()) chunks_.resize(last_chunk - base_ + 1);
  for (std::uint64_t number = first_chunk; number <= last_chunk; ++number) {
    const std::uint64_t start = number * chunk_positions;
    const std::uint64_t from = std::max(first, start) - start;
    const std::uint64_t to = std::min(last, start + chunk_positions) - start;
    fill_in_chunk(chunks_[number - base_], from, to);
  }
}

void SettledSet::fill_in_chunk(Chunk& chunk, std::uint64_t first, std::uint64_t last) {
  if (chunk.get() == &full_words) return;
  if (last - first == chunk_positions) {
    chunk.reset(&full_words);
    return;
  }
  if (!chunk) chunk.reset(new Words{});
  for (std::uint64_t at = first; at < last;) {
    const std::uint64_t word_end = std::min(last, at / 64 * 64 + 64);
    (*chunk)[at / 64] |= mask(at % 64, at % 64 + (word_end - at));
    at = word_end;
  }
  if (*chunk == full_words) chunk.reset(&full_words);
}

void SettledSet::forget_below(Position position) {
  const std::uint64_t chunk = position / chunk_positions;
  if (chunks_.empty() || chunk <= base_) return;
  const auto count = std::min<std::uint64_t>(chunk - base_, chunks_.size());
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(count));
  base_ += count;
  if (chunks_.empty()) chunks_.shrink_to_fit();
}

const SettledSet::Words* SettledSet::chunk_of(Position position) const noexcept {
  const std::uint64_t chunk = position / chunk_positions;
  if (chunk < base_ || chunk - base_ >= chunks_.size()) return nullptr;
  return chunks_[chunk - base_].get();
}

bool SettledSet::contains(Position position) const noexcept {
  const Words* words = chunk_of(position);
  if (words == nullptr) return false;
  const std::uint64_t bit = position % chunk_positions;
  return ((*words)[bit / 64] >> (bit % 64) & 1) != 0;
}

bool SettledSet::contains_all(Position first, Position last) const noexcept {
  for (Position at = first; at < last;) {
    const Words* words = chunk_of(at);
    if (words == nullptr) return false;
    const Position chunk_end = std::min(last, (at / chunk_positions + 1) * chunk_positions);
    if (words == &full_words) {
      at = chunk_end;
      continue;
    }
    const Position word_end = std::min(chunk_end, at / 64 * 64 + 64);
    const std::uint64_t wanted = mask(at % 64, at % 64 + (word_end - at));
    if (((*words)[at % chunk_positions / 64] & wanted) != wanted) return false;
    at = word_end;
  }
  return true;
}

bool SettledSet::may_contain_any(Position first, Position last) const noexcept {
  if (chunks_.empty() || first >= last) return false;
  const std::uint64_t from = std::max(first / chunk_positions, base_);
  const std::uint64_t to = std::min((last - 1) / chunk_positions + 1, base_ + chunks_.size());
  for (std::uint64_t chunk = from; chunk < to; ++chunk) {
    if (chunks_[chunk - base_]) return true;
  }
  return false;
}

void SettledSet::encode(std::string& to) const {
  put_varint(to, base_);
  put_varint(to, chunks_.size());
  for (std::size_t i = 0; i < chunks_.size();) {
    const Words* words = chunks_[i].get();
    if (words == nullptr || words == &full_words) {
      std::size_t run = 1;
      while (i + run < chunks_.size() && chunks_[i + run].get() == words) ++run;
      to.push_back(static_cast<char>(words == nullptr ? tag_empty : tag_full));
      put_varint(to, run);
      i += run;
      continue;
    }
    std::vector<std::uint64_t> runs;
    bool settled = false;
    std::uint64_t start = 0;
    for (std::uint64_t bit = 0; bit < chunk_positions; ++bit) {
      const bool is_set = ((*words)[bit / 64] >> (bit % 64) & 1) != 0;
      if (is_set == settled) continue;
      runs.push_back(bit - start);
      start = bit;
      settled = is_set;
    }
    if (runs.size() <= runs_max) {
      to.push_back(static_cast<char>(tag_runs));
      put_varint(to, runs.size());
      for (const std::uint64_t run : runs) put_varint(to, run);
    } else {
      to.push_back(static_cast<char>(tag_words));
      to.append(reinterpret_cast<const char*>(words->data()), sizeof(Words));
    }
    ++i;
  }
}

std::optional<SettledSet> SettledSet::decode(ByteReader& from) {
  SettledSet set;
  set.base_ = from.varint();
  const std::uint64_t count = from.varint();
  if (count > chunks_max || set.base_ > (~std::uint64_t{0} / chunk_positions) - count) return {};
  while (set.chunks_.size() < count) {
    const std::uint8_t tag = from.byte();
    if (!from.ok()) return {};
    if (tag == tag_empty || tag == tag_full) {
      const std::uint64_t run = from.varint();
      if (run == 0 || run > count - set.chunks_.size()) return {};
      for (std::uint64_t i = 0; i < run; ++i)
        set.chunks_.emplace_back(tag == tag_full ? &full_words : nullptr);
    } else if (tag == tag_words) {
      const Bytes bytes = from.bytes(sizeof(Words));
      if (!from.ok()) return {};
      set.chunks_.emplace_back(new Words{});
      std::memcpy(set.chunks_.back()->data(), bytes.data(), sizeof(Words));
    } else if (tag == tag_runs) {
      Chunk& chunk = set.chunks_.emplace_back(new Words{});
      const std::uint64_t runs = from.varint();
      if (runs > runs_max) return {};
      std::uint64_t at = 0;
      for (std::uint64_t i = 0; i <= runs; ++i) {
        // What follows the last run is a run too, up to the end of the chunk.
        const std::uint64_t length = i < runs ? from.varint() : chunk_positions - at;
        if (!from.ok() || length > chunk_positions - at) return {};
        if (i % 2 == 1 && length > 0) set.fill_in_chunk(chunk, at, at + length);
        at += length;
      }
    } else {
      return {};
    }
  }
  if (!from.ok()) return {};
  return set;
}

}  // namespace tern::storage
