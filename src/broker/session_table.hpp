// SessionTable: the sessions that are attached to a shard, found by their ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.hpp"
#include "broker/records.hpp"
#include "broker/session.hpp"

namespace tern::broker {

struct User;

struct SessionEntry {
  Session* session = nullptr;  ///< null: the slot is free
  std::uint64_t number = 0;
  const User* user = nullptr;  ///< once it has opened a virtual host
  std::uint32_t vhost = 0;
  std::uint32_t channels = 0;
  std::uint32_t holds = 0;      ///< queues that hold its publishing back
  bool is_congested = false;    ///< held back because the store or a mailbox is full
  std::uint32_t successor = 0;  ///< slot of who was delivered to after it, the last time
  std::vector<QueuePointer> exclusive_queues;
};

/// Used on its shard only. Entries move when a session is added: no pointer to one outlives that.
class SessionTable {
 public:
  /// Returns the number by which the session is found from now on; never given twice.
  [[nodiscard]] std::uint64_t add(Session& session);
  void remove(SessionEntry& entry);

  /// Null if the session has gone. The id has to be one of this shard.
  [[nodiscard]] SessionEntry* find(const SessionId& id) noexcept {
    const std::size_t slot = slot_of(id.number);
    if (slot >= entries_.size()) return nullptr;
    SessionEntry& entry = entries_[slot];
    return entry.number == id.number && entry.session != nullptr ? &entry : nullptr;
  }
  [[nodiscard]] const SessionEntry* find(const SessionId& id) const noexcept {
    return const_cast<SessionTable*>(this)->find(id);
  }
  /// The same for a delivery. A queue serves its consumers in turn, so whoever followed this
  /// session last time is likely to follow again. Step by step, what its delivery will touch is
  /// fetched ahead: of the third from here the entry, of the second the session, of the next one
  /// what it knows itself.
  [[nodiscard]] SessionEntry* find_receiver(const SessionId& id) noexcept {
    SessionEntry* const entry = find(id);
    const auto slot = static_cast<std::uint32_t>(slot_of(id.number));
    if (slot == last_receiver_ || entry == nullptr) [[likely]]
      return entry;
    entries_[last_receiver_].successor = slot;
    last_receiver_ = slot;
    const SessionEntry& next = entries_[entry->successor];
    const SessionEntry& second = entries_[next.successor];
    if (next.session != nullptr) next.session->expect_delivery();
    prefetch(second.session, session_head_bytes);
    prefetch(&entries_[second.successor]);
    return entry;
  }

  /// Calls `visit` with each entry in use. A session may be removed meanwhile, none added.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot].session != nullptr) visit(entries_[slot]);
    }
  }

 private:
  // A session's number: slot in the low bits, a generation above, so that a slot's next owner is
  // never taken for the last one.
  static constexpr std::uint64_t slot_bits = 24;
  static constexpr std::uint64_t slot_mask = (1ULL << slot_bits) - 1;

  static std::size_t slot_of(std::uint64_t number) noexcept { return number & slot_mask; }
  // What a delivery touches of a session lies at its beginning.
  static constexpr std::size_t session_head_bytes = 4 * cache_line_bytes;

  std::vector<SessionEntry> entries_;  // by slot
  std::vector<std::uint32_t> free_slots_;
  std::uint64_t generation_ = 1;
  std::uint32_t last_receiver_ = 0;  // its slot
};

}  // namespace tern::broker
