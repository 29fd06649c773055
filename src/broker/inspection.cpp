#include "broker/inspection.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::broker {

std::uint64_t Inspections::add(std::uint64_t number, Inspection&& inspection) {
  const bool is_new = running_.emplace(number, std::move(inspection)).second;
  ensure(is_new, "an inspection's number is used twice");
  return number;
}

Inspection* Inspections::find(std::uint64_t number) {
  const auto at = running_.find(number);
  return at == running_.end() ? nullptr : &at->second;
}

// There are as many as operators have started: looking at all of them is nothing.
std::optional<Time> Inspections::next_due() const {
  std::optional<Time> due;
  for (const auto& [number, each] : running_) {
    if (each.resume_at) due = due ? std::min(*due, *each.resume_at) : *each.resume_at;
  }
  return due;
}

std::vector<std::uint64_t> Inspections::take_due(Time now) {
  std::vector<std::uint64_t> numbers;
  for (auto& [number, each] : running_) {
    if (!each.resume_at || *each.resume_at > now) continue;
    each.resume_at.reset();
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::uint64_t> Inspections::of_queue(QueueId queue) const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, each] : running_) {
    if (each.queue == queue) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace tern::broker
