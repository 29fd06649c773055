// DedupWindow: the keys of what was published to a queue lately, to know a duplicate by. Bounded in
// time and in number; kept by the store too, each key in the commit of its message, so that the
// window outlives the broker. Owned by a queue's machine, used on its shard's thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "queue/message_key.hpp"
#include "queue/rules.hpp"
#include "queue/sink.hpp"

namespace tern::queue {

class DedupWindow {
 public:
  /// Longer keys are kept as their beginning and a hash.
  static constexpr std::size_t key_bytes_max = 255;

  DedupWindow(QueueId queue, Sink& sink) : sink_(sink), queue_(queue) {}

  /// Takes over a key from the store, in order of `seen`; before configure().
  void restore(std::string_view key, Time seen);
  /// New bounds hold at once; when deduplication ends, all keys are forgotten.
  void configure(const Deduplication& rules, Time now);
  [[nodiscard]] bool is_enabled() const noexcept { return rules_.enabled; }

  /// A message's key; empty without value if it has none. The view is good until the next call.
  [[nodiscard]] std::optional<std::string_view> key_of(const Message& message);
  /// Whether the key was published within the window. Does not renew it.
  [[nodiscard]] bool is_known(std::string_view key, Time now);
  /// The message with this key, which is not known, is accepted: staged, or (`is_forwarded`)
  /// forwarded just before.
  void remember(std::string_view key, Time now, bool is_forwarded = false);

  /// Keys remembered now.
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

 private:
  struct Key {
    std::string text;
    Time seen;
  };

  void forget_oldest();
  void forget_old(Time now);

  Sink& sink_;
  QueueId queue_;
  Deduplication rules_{};
  MessageKey source_;
  std::string memory_;
  std::deque<Key> keys_;                         ///< oldest first
  std::unordered_set<std::string_view> by_key_;  ///< the texts in keys_, which do not move
};

}  // namespace tern::queue
