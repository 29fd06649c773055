#include "perf/streams.hpp"

#include <algorithm>

namespace tern::perf {
namespace {

// Members are spread over queues: several per queue, or several queues per member.
std::vector<unsigned> share(unsigned member, unsigned members, unsigned queues) {
  if (members >= queues) return {member % queues};
  std::vector<unsigned> mine;
  for (unsigned queue = member; queue < queues; queue += members) mine.push_back(queue);
  return mine;
}

}  // namespace

Streams::Streams(const Options& options)
    : is_fanout_(options.exchange == "fanout"),
      queues_(options.queues),
      producers_(std::max(1U, options.producers)),
      consumers_(options.consumers),
      size_(is_fanout_ ? std::size_t{queues_} * producers_ : std::max(queues_, producers_)),
      streams_(new Stream[size_]) {}

std::vector<unsigned> Streams::queues_of_producer(unsigned producer) const {
  return is_fanout_ ? std::vector<unsigned>{0} : share(producer, producers_, queues_);
}

std::vector<unsigned> Streams::queues_of_consumer(unsigned consumer) const {
  return share(consumer, consumers_, queues_);
}

std::vector<std::size_t> Streams::streams_of(unsigned queue, unsigned producer) const {
  std::vector<std::size_t> found;
  const unsigned first = is_fanout_ ? 0 : queue;
  const unsigned last = is_fanout_ ? queues_ - 1 : queue;
  for (unsigned one = first; one <= last; ++one) {
    if (const auto index = find(one, producer)) found.push_back(*index);
  }
  return found;
}

Streams::Sums Streams::sum() const {
  Sums sums;
  for (std::size_t index = 0; index < size_; ++index) {
    const Stream& stream = streams_[index];
    const std::uint64_t sent = stream.sent.load(), unique = stream.unique.load();
    sums.expected += sent;
    sums.lost += sent > unique ? sent - unique : 0;
    sums.duplicated += stream.duplicated.load();
  }
  return sums;
}

}  // namespace tern::perf
