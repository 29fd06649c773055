// Handing out and taking back of delivery permits.
#include "amqp/prefetch_limit.hpp"

#include <algorithm>

namespace tern::amqp {

void PrefetchLimit::set(std::uint32_t limit) {
  limit_ = limit;
  if (limit != 0) return;
  permits_.clear();
  wishes_.clear();
  out_ = 0;
}

void PrefetchLimit::ask(ConsumerNumber consumer, std::uint32_t count) {
  if (!is_set() || count == 0) return;
  for (Wish& wish : wishes_) {
    if (wish.consumer != consumer) continue;
    wish.count = count;
    return;
  }
  wishes_.push_back({consumer, count});
}

void PrefetchLimit::give_back(ConsumerNumber consumer, std::uint32_t count) noexcept {
  const auto found = permits_.find(consumer);
  if (found == permits_.end()) return;
  count = std::min(count, found->second);
  found->second -= count;
  out_ -= count;
  if (found->second == 0) permits_.erase(found);
}

void PrefetchLimit::forget(ConsumerNumber consumer) noexcept {
  give_back(consumer, UINT32_MAX);
  std::erase_if(wishes_, [&](const Wish& wish) { return wish.consumer == consumer; });
}

void PrefetchLimit::delivered(ConsumerNumber consumer) noexcept {
  ++unacked_;
  if (is_set()) give_back(consumer, 1);
}

std::optional<PrefetchLimit::Grant> PrefetchLimit::next_grant() {
  if (!is_set() || wishes_.empty()) return std::nullopt;
  const std::uint32_t taken = unacked_ + out_;
  if (taken >= limit_) return std::nullopt;
  const std::uint32_t free = limit_ - taken;
  // An even share for everyone who waits, so that the first does not take all; a queue that wants
  // more asks again, behind the others.
  const auto share = std::max<std::uint32_t>(
      1, free / static_cast<std::uint32_t>(std::min<std::size_t>(wishes_.size(), free)));
  const Wish wish = wishes_.front();
  wishes_.pop_front();
  const std::uint32_t count = std::min(wish.count, share);
  permits_[wish.consumer] += count;
  out_ += count;
  return Grant{wish.consumer, count};
}

}  // namespace tern::amqp
