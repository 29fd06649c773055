// Mail: everything one shard (or a store thread, or the topology's writer) can say to a shard.
// Batched in outboxes and handed over once per turn (mailbox.hpp). Ids only; a receiver that no
// longer knows an id has a defined answer for it (shard_mail.cpp).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "broker/broker.hpp"
#include "broker/change.hpp"
#include "storage/store.hpp"

namespace tern::broker {

class Shard;

// --- to the shard of a queue
// ----------------------------------------------------------------------

struct EnqueueMail {
  QueueId queue{};
  MessageRef message;
  PublisherToken token;
};

struct SettleMail {
  QueueId queue{};
  queue::Settlement settlement{};
  ConsumerId consumer;
  std::vector<Position> positions;
};

struct DrainedMail {
  QueueId queue{};
  ConsumerId consumer;
  std::uint64_t bytes = 0;
};

struct PermitMail {
  QueueId queue{};
  std::uint32_t count = 0;
  ConsumerId consumer;
};

struct GateMail {
  QueueId queue{};
  bool gated = false;
  ConsumerId consumer;
};

/// The rarer questions to a queue; all but an operation of 0 end in an OperationResult.
struct QueueQuestion {
  enum class Kind : std::uint8_t { find, consume, cancel, get, purge, remove };

  Kind kind{};
  QueueAddress queue;
  SessionId asker;
  OperationNumber operation = 0;
  std::string name;              ///< of the queue, for texts
  std::string vhost;             ///< its name, for texts
  queue::ConsumerSpec consumer;  ///< consume; cancel: its id
  bool auto_ack = false;         ///< get
  bool if_unused = false;        ///< remove
  bool if_empty = false;         ///< remove
  std::uint32_t vhost_number = 0;
  /// find for a declare: what to make if the queue has gone meanwhile.
  std::unique_ptr<QueueSpec> declare;
};
struct QuestionMail {
  std::unique_ptr<QueueQuestion> question;
};

/// The part of a transaction that concerns queues of the receiving shard.
struct TransactionShare {
  SessionId asker;
  OperationNumber operation = 0;
  storage::TransactionPart part;
  Transaction work;
};
struct TransactionMail {
  std::unique_ptr<TransactionShare> share;
};

// --- to the shard of a session
// --------------------------------------------------------------------

struct DeliverMail {
  ConsumerId consumer;
  queue::Delivery delivery;
};

/// `count` publishes of a channel, `first_sequence` and those after it.
struct PublishSettledMail {
  SessionId session;
  ChannelInstance channel = 0;
  queue::PublishOutcome outcome{};
  std::uint64_t first_sequence = 0;
  std::uint64_t count = 0;
};

struct ResultMail {
  SessionId session;
  std::unique_ptr<OperationResult> result;
  ConsumerNumber consumer = 0;  ///< consume: whose
};

struct ConsumerCancelledMail {
  ConsumerId consumer;
};

struct ConsumerTimedOutMail {
  ConsumerId consumer;
  Millis timeout{};
};

struct PermitsWantedMail {
  ConsumerId consumer;
  std::uint32_t count = 0;
};

struct PermitsReturnedMail {
  ConsumerId consumer;
  std::uint32_t count = 0;
};

struct HoldMail {
  SessionId session;
  bool held = false;
};

/// One shard's share of a transaction is durable.
struct TransactionDoneMail {
  SessionId session;
  OperationNumber operation = 0;
};

/// A queue refused a message of a transaction (reject-publish). Comes before the share is done.
struct TransactionRefusedMail {
  SessionId session;
  OperationNumber operation = 0;
};

/// A direct reply, or (without a message) the question whether somebody waits for one.
struct ReplyMail {
  ReplyAddress address;
  SessionId from;
  OperationNumber operation = 0;
  MessageRef message;
};

// --- to a shard
// -----------------------------------------------------------------------------------

struct DeltaMail {
  std::shared_ptr<Delta> delta;
};

struct CommittedMail {
  std::uint64_t last_stage = 0;
};

struct ReadMail {
  std::unique_ptr<storage::ReadResult> result;
};

struct DueMail {
  std::unique_ptr<storage::DueResult> result;
};

/// Something rare that is to be done on the shard's thread (operations.hpp).
struct TaskMail {
  std::unique_ptr<std::function<void(Shard&)>> task;
};

/// Close every session, then say so (Node::stop).
struct ShutDownMail {
  std::string reason;
};

using Mail =
    std::variant<EnqueueMail, DeliverMail, PublishSettledMail, SettleMail, DrainedMail, PermitMail,
                 GateMail, QuestionMail, TransactionMail, ResultMail, ConsumerCancelledMail,
                 PermitsWantedMail, PermitsReturnedMail, HoldMail, TransactionDoneMail,
                 TransactionRefusedMail, ReplyMail, DeltaMail, CommittedMail, ReadMail, DueMail,
                 ConsumerTimedOutMail, TaskMail, ShutDownMail>;
static_assert(sizeof(Mail) <= 88, "mail is moved around a lot: keep big things behind a pointer");

}  // namespace tern::broker
