#include "base/slab.hpp"

#include <algorithm>
#include <array>
#include <new>

namespace tern {
namespace {

std::atomic<std::uint64_t> alive{0};

// Slabs that this thread dropped last, kept warm for its next read. Bounded; the rest goes back to
// the allocator, so a thread that only consumes does not hoard what another one fills.
struct Cache {
  std::array<void*, 32> slabs{};
  std::size_t count = 0;
  ~Cache() {
    while (count > 0) ::operator delete(slabs[--count]);
  }
};
thread_local Cache cache;

}  // namespace

std::uint64_t Slab::alive_bytes() noexcept {
  return alive.load(std::memory_order_relaxed);
}

Slab* Slab::create(std::size_t bytes) {
  return create_exact(std::max(bytes, standard_bytes));
}

Slab* Slab::create_exact(std::size_t bytes) {
  const std::size_t capacity = (bytes + 7) / 8 * 8;
  ensure(capacity < (1ULL << 32), "slab too large");
  void* memory = nullptr;
  if (capacity == standard_bytes && cache.count > 0) {
    memory = cache.slabs[--cache.count];
  } else {
    memory = ::operator new(sizeof(Slab) + capacity);
  }
  alive.fetch_add(capacity, std::memory_order_relaxed);
  return new (memory) Slab(static_cast<std::uint32_t>(capacity));
}

void Slab::recycle(Slab* slab) noexcept {
  const std::size_t capacity = slab->capacity_;
  alive.fetch_sub(capacity, std::memory_order_relaxed);
  slab->~Slab();
  if (capacity == standard_bytes && cache.count < cache.slabs.size()) {
    cache.slabs[cache.count++] = slab;
  } else {
    ::operator delete(slab);
  }
}

}  // namespace tern
