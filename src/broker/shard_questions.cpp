// Shard: the questions that a session asks a queue, answered where the queue lives.
#include "base/ensure.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"
#include "broker/texts.hpp"
#include "broker/topology.hpp"

namespace tern::broker {

void Shard::handle(QuestionMail& mail) {
  QueueQuestion& question = *mail.question;
  OwnedQueue* owned = find_owned(question.queue.id);
  // One whose delete was accepted has gone for everybody who asks from now on: a client that was
  // told of it would lose it at once.
  const bool is_cancel = question.kind == QueueQuestion::Kind::cancel;
  if (owned != nullptr && owned->is_removed_soon && !is_cancel) owned = nullptr;
  switch (question.kind) {
    case QueueQuestion::Kind::find:
      return answer_find(question, owned);
    case QueueQuestion::Kind::consume:
      return answer_consume(question, owned);
    case QueueQuestion::Kind::purge:
      return answer_purge(question, owned);
    case QueueQuestion::Kind::remove:
      return answer_remove(question, owned);
    case QueueQuestion::Kind::cancel: {
      if (owned != nullptr) {
        const Changing changing(changing_);
        owned->machine.cancel(question.consumer.id, now_);
      }
      OperationResult result;
      result.operation = question.operation;
      return finish(question.asker, std::move(result));
    }
    case QueueQuestion::Kind::get: {
      if (owned == nullptr) {
        return refuse(question.asker, question.operation,
                      texts::no_queue(question.name, question.vhost));
      }
      const Changing changing(changing_);
      return owned->machine.get({question.asker, question.operation}, question.auto_ack, now_);
    }
  }
}

void Shard::answer_find(QueueQuestion& question, OwnedQueue* owned) {
  if (owned == nullptr && question.declare) {
    const Caller caller{question.asker, nullptr, question.vhost_number};
    create_queue(caller, *question.declare, question.operation);
    return;
  }
  if (owned == nullptr) {
    return refuse(question.asker, question.operation,
                  texts::no_queue(question.name, question.vhost));
  }
  {
    // Asking passively is use, too.
    const Changing changing(changing_);
    owned->machine.touch(now_);
  }
  OperationResult result;
  result.operation = question.operation;
  result.name = question.name;
  result.count = owned->machine.counts().ready;
  result.consumers = owned->machine.counts().consumers;
  finish(question.asker, std::move(result));
}

void Shard::answer_consume(QueueQuestion& question, OwnedQueue* owned) {
  if (owned == nullptr) {
    return refuse(question.asker, question.operation,
                  texts::no_queue(question.name, question.vhost));
  }
  // The answer is sent before the queue delivers and filled in afterwards: mail keeps its order, so
  // the session hears of its consumer first. It is sent even if nobody wants it, for a session that
  // has gone meanwhile.
  auto answer = std::make_unique<OperationResult>();
  OperationResult& result = *answer;
  result.operation = question.operation;
  result.queue = question.queue;
  send(question.asker.shard,
       ResultMail{question.asker, std::move(answer), question.consumer.id.number});
  const Changing changing(changing_);
  const auto error = owned->machine.consume(question.consumer, now_);
  if (error == queue::ConsumeError::none) return;
  result.failed = true;
  result.error = texts::exclusive_use(question.name, question.vhost);
}

void Shard::answer_purge(QueueQuestion& question, OwnedQueue* owned) {
  if (owned == nullptr) {
    return refuse(question.asker, question.operation,
                  texts::no_queue(question.name, question.vhost));
  }
  OperationResult result;
  result.operation = question.operation;
  {
    const Changing changing(changing_);
    result.count = owned->machine.purge(now_);
  }
  finish(question.asker, std::move(result));
}

void Shard::answer_remove(QueueQuestion& question, OwnedQueue* owned) {
  if (owned == nullptr) {
    // Deleting what is not there is no error; the answer waits until all shards have seen it go.
    ports_.topology->delete_queue(QueueId::none, 0, {},
                                  finisher(question.asker, question.operation));
    return;
  }
  const queue::Counts& counts = owned->machine.counts();
  if (question.if_unused && counts.consumers > 0) {
    return refuse(question.asker, question.operation,
                  texts::queue_in_use(question.name, question.vhost));
  }
  if (question.if_empty && counts.ready > 0) {
    return refuse(question.asker, question.operation,
                  texts::queue_not_empty(question.name, question.vhost));
  }
  owned->is_removed_soon = true;
  ports_.topology->delete_queue(owned->record->id, owned->record->vhost, owned->record->name,
                                finisher(question.asker, question.operation, counts.ready));
}

}  // namespace tern::broker
