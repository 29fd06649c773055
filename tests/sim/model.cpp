#include "sim/model.hpp"

namespace tern::sim {
namespace {

[[noreturn]] void fail(const std::string& queue, const std::string& body, const char* what) {
  throw Fault("message " + body + " of queue " + queue + ": " + what);
}

}  // namespace

void Model::declared(const std::string& queue, bool durable) {
  queues_.emplace(queue, durable);
}

void Model::removed(const std::string& queue) {
  queues_.erase(queue);
  std::erase_if(copies_, [&](const auto& entry) { return entry.first.first == queue; });
}

Model::Copy& Model::copy(const std::string& queue, const std::string& body, const char* what) {
  const auto at = copies_.find({queue, body});
  if (at == copies_.end()) fail(queue, body, what);
  return at->second;
}

void Model::published(const std::string& queue, const std::string& body, std::uint64_t publisher,
                      bool persistent, std::uint64_t transaction) {
  Copy copy;
  copy.order = next_order_++;
  copy.publisher = publisher;
  copy.persistent = persistent && queues_.at(queue);
  copy.transaction = transaction;
  copies_.emplace(Key{queue, body}, copy);
}

void Model::confirmed(const std::string& body) {
  for (auto& [key, copy] : copies_)
    if (key.second == body) copy.is_confirmed = true;
}

void Model::check_order(const std::string& seen_by, const Key& key, const Copy& copy) {
  std::uint64_t& last = last_[{seen_by + " " + key.first, copy.publisher}];
  if (copy.order < last) fail(key.first, key.second, "out of order");
  last = copy.order;
}

void Model::delivered(const std::string& queue, const std::string& body, bool redelivered,
                      const std::string& consumer) {
  Copy& copy = this->copy(queue, body, "delivered, but never published there");
  if (copy.is_held) fail(queue, body, "delivered while it is with a consumer");
  if (copy.is_settled) fail(queue, body, "delivered after it was settled");
  if (copy.was_delivered && !redelivered) fail(queue, body, "delivered again, not redelivered");
  if (!redelivered) check_order(consumer, {queue, body}, copy);
  copy.was_delivered = true;
  copy.is_held = true;
}

void Model::settled(const std::string& queue, const std::string& body) {
  Copy& copy = this->copy(queue, body, "settled, but not there");
  copy.is_held = false;
  copy.is_settled = true;
}

void Model::requeued(const std::string& queue, const std::string& body) {
  Copy& copy = this->copy(queue, body, "requeued, but not there");
  copy.is_held = false;
}

void Model::settling(const std::string& queue, const std::string& body, std::uint64_t transaction) {
  copy(queue, body, "settled, but not there").is_settled = true;
  settling_[transaction].emplace_back(queue, body);
}

void Model::committed(std::uint64_t transaction) {
  for (auto& [key, copy] : copies_)
    if (copy.transaction == transaction) copy.is_confirmed = true;
  settling_.erase(transaction);
}

void Model::purged(const std::string& queue) {
  for (auto& [key, copy] : copies_)
    if (key.first == queue && !copy.is_held) copy.is_settled = true;
}

void Model::crashed() {
  std::erase_if(queues_, [](const auto& queue) { return !queue.second; });
  std::erase_if(copies_, [](const auto& entry) { return !entry.second.persistent; });
}

void Model::begin_inventory(bool is_quiet) {
  is_quiet_ = is_quiet;
  found_.clear();
  last_.clear();
}

void Model::found(const std::string& queue, const std::string& body, bool redelivered) {
  const Copy& copy = this->copy(queue, body, "there, but never published there");
  if (!found_.insert({queue, body}).second) fail(queue, body, "there twice");
  if (copy.was_delivered && !redelivered) fail(queue, body, "delivered before, not redelivered");
  if (is_quiet_ && copy.is_settled) fail(queue, body, "there after it was settled");
  check_order("inventory", {queue, body}, copy);
}

void Model::inventoried() {
  check_transactions();
  for (const auto& [key, copy] : copies_) {
    if (key.first == lossy_queue) continue;
    const bool must_be_there = (copy.is_confirmed || is_quiet_) && !copy.is_settled;
    if (must_be_there && !found_.contains(key)) fail(key.first, key.second, "lost");
  }
  settling_.clear();
  last_.clear();
  std::erase_if(copies_, [&](const auto& entry) { return !found_.contains(entry.first); });
  for (auto& [key, copy] : copies_) {
    // An ack that was not durable has not happened; and what was there once stays.
    copy.is_held = false;
    copy.is_settled = false;
    copy.is_confirmed = true;
    copy.was_delivered = true;
    copy.transaction = 0;
  }
}

// A transaction of whose end nobody has heard is there as a whole or not at all.
void Model::check_transactions() const {
  std::map<std::uint64_t, std::set<bool>> is_done;
  for (const auto& [key, copy] : copies_) {
    const bool may_be_lost = copy.is_settled || copy.was_delivered || key.first == lossy_queue;
    if (copy.transaction != 0 && !may_be_lost)
      is_done[copy.transaction].insert(found_.contains(key));
  }
  for (const auto& [transaction, keys] : settling_) {
    for (const Key& key : keys) {
      const auto at = copies_.find(key);
      const bool can_tell = at != copies_.end() && at->second.is_confirmed;
      if (can_tell && key.first != lossy_queue) is_done[transaction].insert(!found_.contains(key));
    }
  }
  for (const auto& [transaction, outcomes] : is_done)
    if (outcomes.size() > 1)
      throw Fault("a part of transaction " + std::to_string(transaction) + " is there alone");
}

}  // namespace tern::sim
