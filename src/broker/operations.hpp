// Operations: the door for looking into queues and mending what is in them: peek, search, remove,
// release, redrive. For operators, next to management.hpp; the HTTP API will use it. Any thread may
// call; answers come on the thread of the queue's shard, so they only hand over.
//
// Looking changes nothing: no redelivered flag, no order, no lease.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/error.hpp"
#include "queue/queue.hpp"

namespace tern::broker {

/// Whose messages. A delayed exchange's pending messages are those of the exchange.
struct Holder {
  std::string vhost;
  std::string name;  ///< of a queue, or of an exchange that delays
  bool is_exchange = false;
};

struct PeekRequest {
  Holder holder;
  queue::MessageState state = queue::MessageState::ready;
  Position from = 0;              ///< 0, or PeekResult::next
  std::uint32_t count_max = 100;  ///< 1 to 1000 messages
  std::string filter;             ///< dlq/message_filter.hpp; empty: every message
  /// Most messages looked at for one answer: a search of a long queue goes on with `next`.
  std::uint64_t looked_at_max = 100'000;
};

struct PeekResult {
  std::vector<queue::Found> messages;
  Position next = 0;  ///< where to go on; 0: that was all
  std::uint64_t looked_at = 0;
};

struct RedriveRequest {
  std::string vhost;
  std::string queue;                 ///< the dead-letter queue
  std::string filter;                ///< as PeekRequest
  std::string to_queue;              ///< empty: each message goes where its first death came from
  std::uint32_t per_second_max = 0;  ///< 0: as fast as it goes
  std::uint64_t count_max = 0;       ///< stop after so many; 0: all that are there when it begins
  bool is_dry_run = false;           ///< count only
};

struct RedriveProgress {
  std::uint64_t looked_at = 0;
  std::uint64_t matched = 0;
  std::uint64_t moved = 0;  ///< dry run: would be moved
  std::uint64_t kept = 0;   ///< matched, but nobody would have got them; `reason` tells of the last
  std::string reason;
  bool is_done = false;
  std::optional<BrokerError> error;  ///< why it ended early
};

/// What happened to messages that left their queues, since the node was started.
struct Totals {
  std::uint64_t dead_lettered_rejected = 0;
  std::uint64_t dead_lettered_expired = 0;
  std::uint64_t dead_lettered_maxlen = 0;
  std::uint64_t dead_lettered_delivery_limit = 0;
  std::uint64_t dead_letters_unroutable = 0;  ///< of those: no exchange, or no queue behind it
  std::uint64_t dead_letter_cycles = 0;       ///< copies dropped because they went in a circle
  std::uint64_t dropped_at_delivery_limit = 0;
  std::uint64_t redriven = 0;

  Totals& operator+=(const Totals& other) noexcept;
};

class Operations {
 public:
  using PeekDone = std::function<void(Outcome<PeekResult>)>;
  using CountDone = std::function<void(Outcome<std::uint64_t>)>;
  using TotalsDone = std::function<void(const Totals&)>;
  /// Called after each step and at the end.
  using Report = std::function<void(const RedriveProgress&)>;
  using RedriveId = std::uint64_t;

  virtual ~Operations() = default;

  /// not_found if the holder is not there, precondition_failed if the filter cannot be read.
  virtual void peek(const PeekRequest& request, PeekDone done) = 0;
  /// How many messages are in that state.
  virtual void count(const Holder& holder, queue::MessageState state, CountDone done) = 0;
  /// Deletes ready or delayed messages by position; ends with how many were still there.
  virtual void remove(const Holder& holder, const std::vector<Position>& positions,
                      CountDone done) = 0;
  /// Makes delayed messages ready now.
  virtual void release(const Holder& holder, const std::vector<Position>& positions,
                       CountDone done) = 0;
  /// Sends ready messages on; each is moved in one piece with its removal.
  virtual RedriveId redrive(const RedriveRequest& request, Report report) = 0;
  /// Ends a redrive after the step it is in; what was moved stays moved.
  virtual void stop_redrive(RedriveId id) = 0;
  /// The sum over all shards.
  virtual void totals(TotalsDone done) = 0;
};

}  // namespace tern::broker
