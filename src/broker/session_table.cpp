#include "broker/session_table.hpp"

#include "base/ensure.hpp"

namespace tern::broker {

std::uint64_t SessionTable::add(Session& session) {
  std::size_t slot = 0;
  if (free_slots_.empty()) {
    slot = entries_.size();
    ensure(slot <= slot_mask, "too many sessions on one shard");
    entries_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  SessionEntry& entry = entries_[slot];
  entry.session = &session;
  entry.number = generation_++ << slot_bits | slot;
  return entry.number;
}

void SessionTable::remove(SessionEntry& entry) {
  free_slots_.push_back(static_cast<std::uint32_t>(slot_of(entry.number)));
  entry = {};
}

}  // namespace tern::broker
