#include "client/read_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace tern::client {

ReadBuffer::Room ReadBuffer::prepare(std::size_t bytes_wanted) {
  const std::size_t missing = bytes_wanted > unread_bytes_ ? bytes_wanted - unread_bytes_ : 0;
  const std::size_t room = std::max(missing, room_min);
  if (!lease_ || lease_->free_bytes() < room) {
    const std::size_t needed = unread_bytes_ + room;
    SlabLease next(needed <= Slab::standard_bytes / 2 ? Slab::create() : Slab::create(needed));
    if (unread_bytes_ > 0) std::memcpy(next->free_begin(), unread_, unread_bytes_);
    unread_ = next->free_begin();
    next->advance(unread_bytes_);
    lease_ = std::move(next);
  }
  if (unread_bytes_ == 0) unread_ = lease_->free_begin();
  return {lease_->free_begin(), lease_->free_bytes()};
}

void ReadBuffer::commit(std::size_t bytes) noexcept {
  lease_->advance(bytes);
  unread_bytes_ += bytes;
}

void ReadBuffer::consume(std::size_t bytes) noexcept {
  ensure(bytes <= unread_bytes_, "more is used than was read");
  unread_ += bytes;
  unread_bytes_ -= bytes;
}

void ReadBuffer::reset() noexcept {
  lease_.reset();
  unread_ = nullptr;
  unread_bytes_ = 0;
}

}  // namespace tern::client
