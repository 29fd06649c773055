#include "queue/levels.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::queue {

Levels::Levels(Context& context, Lane& zero)
    : context_(context), lanes_(std::size_t{context.settings.priority_max} + 1) {
  lanes_.front() = &zero;
  made_.insert(0);
}

Lane::Config Levels::share_of(const Settings& settings, std::uint8_t level) {
  const std::uint64_t levels = std::uint64_t{settings.priority_max} + 1;
  QueueId stream = settings.id;
  if (level != 0)
    stream = QueueId{raw(settings.levels_begin) + (level - 1U) * settings.levels_stride};
  return {.stream = stream,
          .level = level,
          .window_head_bytes = std::max<std::uint64_t>(settings.window_head_bytes / levels, 1),
          .window_tail_bytes = std::max<std::uint64_t>(settings.window_tail_bytes / levels, 1)};
}

Lane& Levels::at(std::uint8_t level) {
  ensure(level < lanes_.size(), "a level above the highest");
  touched_.insert(level);
  Lane*& lane = lanes_[level];
  if (lane == nullptr) {
    owned_.push_back(std::make_unique<Lane>(share_of(context_.settings, level), context_));
    lane = owned_.back().get();
    made_.insert(level);
  }
  return *lane;
}

Lane* Levels::find(std::uint8_t level) noexcept {
  if (!made_.contains(level)) return nullptr;
  touched_.insert(level);
  return lanes_[level];
}

Lane& Levels::of_stream(QueueId stream) {
  const Settings& settings = context_.settings;
  if (stream == settings.id) return at(0);
  const std::uint32_t offset = raw(stream) - raw(settings.levels_begin);
  const std::uint32_t level = 1 + offset / settings.levels_stride;
  ensure(offset % settings.levels_stride == 0 && level < lanes_.size(), "stream without a level");
  return at(static_cast<std::uint8_t>(level));
}

Lane* Levels::highest() noexcept {
  LevelSet levels = ready_;
  for (int level = levels.highest(); level >= 0; level = levels.highest()) {
    Lane* const lane = find(static_cast<std::uint8_t>(level));
    if (lane->has_ready()) return lane;
    levels.erase(static_cast<std::uint8_t>(level));
    if (!lane->has_parked()) ready_.erase(static_cast<std::uint8_t>(level));
  }
  return nullptr;
}

Lane* Levels::lowest() noexcept {
  for (int level = ready_.lowest(); level >= 0; level = ready_.lowest()) {
    Lane* const lane = find(static_cast<std::uint8_t>(level));
    if (lane->has_ready() || lane->has_parked()) return lane;
    ready_.erase(static_cast<std::uint8_t>(level));
  }
  return nullptr;
}

void Levels::set_weights(const std::vector<std::uint32_t>& weights) {
  weights_.reset();
  if (!weights.empty()) weights_ = std::make_unique<PriorityWeights>(weights, lanes_.size());
}

// By shares, among all levels that have something.
Lane* Levels::chosen() noexcept {
  choice_ = ready_;
  each_of(ready_, [&](const Lane& lane) {
    if (!lane.has_ready()) choice_.erase(lane.level());
    if (!lane.has_ready() && !lane.has_parked()) ready_.erase(lane.level());
  });
  return choice_.highest() < 0 ? nullptr : find(weights_->next(choice_));
}

}  // namespace tern::queue
