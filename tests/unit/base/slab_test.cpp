// Slabs: room, references, leases.
#include "base/slab.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace tern;

TEST_CASE("a slab is filled from both ends until they meet") {
  SlabLease lease(Slab::create_exact(64));
  CHECK(lease->free_bytes() == 64);
  char* const front = lease->free_begin();
  lease->advance(40);
  CHECK(lease->free_begin() == front + 40);
  CHECK(lease->take_back(16) == front + 48);
  CHECK(lease->free_bytes() == 8);
  CHECK(lease->take_back(16) == nullptr);
  lease->retreat(40);
  CHECK(lease->free_begin() == front);
  CHECK(lease->free_bytes() == 48);
}

TEST_CASE("a slab lives as long as its lease or what was handed out") {
  const std::uint64_t before = Slab::alive_bytes();
  Slab* const slab = Slab::create();
  {
    SlabLease lease(slab);
    lease.hand_out(2);
    CHECK(Slab::alive_bytes() == before + Slab::standard_bytes);
  }
  CHECK(Slab::alive_bytes() == before + Slab::standard_bytes);
  slab->drop_references(1);
  CHECK(Slab::alive_bytes() == before + Slab::standard_bytes);
  // The last reference may be dropped by any thread.
  std::thread([slab] { slab->drop_references(1); }).join();
  CHECK(Slab::alive_bytes() == before);
}

TEST_CASE("a lease that is moved counts once") {
  const std::uint64_t before = Slab::alive_bytes();
  SlabLease first(Slab::create());
  first.hand_out();
  Slab* const slab = first.get();
  SlabLease second = std::move(first);
  CHECK_FALSE(first);
  second.hand_out();
  second.reset();
  slab->drop_references(1);
  CHECK(Slab::alive_bytes() == before + Slab::standard_bytes);
  slab->drop_references(1);
  CHECK(Slab::alive_bytes() == before);
}
