#include "queue/dedup_window.hpp"

#include <algorithm>
#include <cstdint>

#include "base/ensure.hpp"

namespace tern::queue {

namespace {
// FNV-1a: the store keeps what this yields, so it must be the same in every build.
std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}
}  // namespace

void DedupWindow::restore(std::string_view key, Time seen) {
  ensure(keys_.empty() || keys_.back().seen <= seen, "keys restored out of order");
  if (by_key_.count(key) != 0) return;
  keys_.push_back({std::string(key), seen});
  by_key_.insert(keys_.back().text);
}

void DedupWindow::configure(const Deduplication& rules, Time now) {
  if (rules_ == rules && (rules.enabled || keys_.empty())) return;
  const bool same_source = rules_.header == rules.header || !rules_.enabled;
  rules_ = rules;
  source_ = MessageKey(rules.header, Property::message_id);
  if (!rules.enabled || !same_source) {
    while (!keys_.empty()) forget_oldest();
    return;
  }
  while (keys_.size() > rules.keys_max) forget_oldest();
  forget_old(now);
}

std::optional<std::string_view> DedupWindow::key_of(const Message& message) {
  const auto key = source_.of(message, memory_);
  if (!key || key->size() <= key_bytes_max) return key;
  const std::string hash = std::to_string(stable_hash(*key));
  memory_ = std::string(key->substr(0, key_bytes_max - hash.size())) + hash;
  return memory_;
}

bool DedupWindow::is_known(std::string_view key, Time now) {
  forget_old(now);
  return by_key_.count(key) != 0;
}

void DedupWindow::remember(std::string_view key, Time now, bool is_forwarded) {
  ensure(by_key_.count(key) == 0, "remembered a key twice");
  if (rules_.keys_max == 0) return;
  while (keys_.size() >= rules_.keys_max) forget_oldest();
  // Over a restart the clock may have gone back: the order of keys has not.
  const Time seen = keys_.empty() ? now : std::max(now, keys_.back().seen);
  keys_.push_back({std::string(key), seen});
  by_key_.insert(keys_.back().text);
  sink_.remember_key(queue_, key, seen, is_forwarded);
}

void DedupWindow::forget_old(Time now) {
  if (!rules_.window) return;
  while (!keys_.empty() && now - keys_.front().seen >= *rules_.window) forget_oldest();
}

void DedupWindow::forget_oldest() {
  sink_.forget_key(queue_, keys_.front().text);
  by_key_.erase(keys_.front().text);
  keys_.pop_front();
}

}  // namespace tern::queue
