// Shard as Broker: sessions, permissions, and declaring, deleting and binding things. What the own
// replica can decide is decided here; the topology's writer decides again under its lock.
#include "base/ensure.hpp"
#include "broker/arguments.hpp"
#include "broker/equivalence.hpp"
#include "broker/shard.hpp"
#include "broker/texts.hpp"
#include "broker/topology.hpp"
#include "exchange/matcher.hpp"

namespace tern::broker {
namespace {

bool is_reserved(std::string_view name) {
  return name.starts_with("amq.");
}

}  // namespace

Outcome<const User*> Shard::authenticate(std::string_view user, std::string_view password,
                                         bool peer_is_loopback) {
  return replica_.access().authenticate(user, password, peer_is_loopback);
}

Outcome<std::uint32_t> Shard::open_vhost(const SessionId& session, const User& user,
                                         std::string_view name) {
  const VhostRecord* vhost = replica_.find_vhost(name);
  if (vhost == nullptr) return texts::vhost_not_found(name);
  SessionEntry* entry = sessions_.find(session);
  ensure(entry != nullptr, "an unknown session opens a virtual host");
  if (entry->user != nullptr) leave_vhost(*entry);
  if (auto refusal = ports_.topology->admit_connection(user.name, vhost->number)) return *refusal;
  if (!replica_.access().may_access_vhost(user, vhost->name)) {
    ports_.topology->connection_left(user.name, vhost->number, 0);
    return texts::vhost_refused(name, user.name);
  }
  entry->user = &user;
  entry->vhost = vhost->number;
  return vhost->number;
}

void Shard::leave_vhost(SessionEntry& entry) {
  ports_.topology->connection_left(entry.user->name, entry.vhost, entry.channels);
  entry.user = nullptr;
  entry.channels = 0;
}

std::optional<BrokerError> Shard::open_channel(const SessionId& session) {
  SessionEntry* entry = sessions_.find(session);
  ensure(entry != nullptr && entry->user != nullptr, "an unknown session opens a channel");
  if (auto refusal = ports_.topology->admit_channel(entry->user->name)) return refusal;
  ++entry->channels;
  return std::nullopt;
}

void Shard::close_channel(const SessionId& session) {
  SessionEntry* entry = sessions_.find(session);
  ensure(entry != nullptr && entry->channels > 0, "an unknown session closes a channel");
  --entry->channels;
  ports_.topology->channel_left(entry->user->name);
}

bool Shard::may(const Caller& caller, ResourceKind kind, std::string_view name,
                Permission permission) const {
  ensure(caller.user != nullptr, "a caller without a user");
  return replica_.access().may(*caller.user, replica_.vhost_name(caller.vhost), kind, name,
                               permission);
}

std::optional<BrokerError> Shard::check(const Caller& caller, ResourceKind kind,
                                        std::string_view name, Permission permission) const {
  if (may(caller, kind, name, permission)) return std::nullopt;
  return texts::permission_refused(permission, kind, name, replica_.vhost_name(caller.vhost),
                                   caller.user->name);
}

std::optional<BrokerError> Shard::check_topic(const Caller& caller, const ExchangeRecord& exchange,
                                              std::string_view routing_key,
                                              Permission permission) const {
  if (exchange.type != "topic") return std::nullopt;
  const std::string& vhost = replica_.vhost_name(caller.vhost);
  if (replica_.access().may_topic(*caller.user, vhost, exchange.name, routing_key, permission))
    return std::nullopt;
  return texts::topic_refused(permission, routing_key, exchange.name, vhost, caller.user->name);
}

Outcome<QueuePointer> Shard::usable_queue(const Caller& caller, std::string_view name,
                                          std::optional<Permission> permission) const {
  if (permission) {
    if (auto refusal = check(caller, ResourceKind::queue, name, *permission)) return *refusal;
  }
  const std::string& vhost = replica_.vhost_name(caller.vhost);
  const QueuePointer queue = replica_.find_queue(caller.vhost, name);
  if (!queue) return texts::no_queue(name, vhost);
  if (auto refusal = check_exclusive_access(*queue, caller.session, vhost)) return *refusal;
  return queue;
}

void Shard::ask(const Caller& caller, const QueueRecord& queue, QueueQuestion&& question) {
  question.queue = address_of(queue.id, ports_.shards);
  question.asker = caller.session;
  question.name = queue.name;
  question.vhost = replica_.vhost_name(caller.vhost);
  question.vhost_number = caller.vhost;
  send(question.queue.shard, QuestionMail{std::make_unique<QueueQuestion>(std::move(question))});
}

// --- exchanges
// ------------------------------------------------------------------------------------

void Shard::declare_exchange(const Caller& caller, ExchangeSpec spec, OperationNumber operation) {
  const auto refused = [&](BrokerError error) {
    refuse(caller.session, operation, std::move(error));
  };
  const std::string& vhost = replica_.vhost_name(caller.vhost);
  if (exchange::find_exchange_type(spec.type) == nullptr)
    return refused(texts::unknown_exchange_type(spec.type));
  if (spec.name.empty()) return refused(texts::default_exchange_not_permitted());
  if (auto error = check(caller, ResourceKind::exchange, spec.name, Permission::configure))
    return refused(*error);
  if (replica_.find_exchange(caller.vhost, spec.name) == nullptr) {
    if (is_reserved(spec.name)) return refused(texts::reserved_exchange_name(spec.name));
    if (auto error = check_exchange_arguments(spec.arguments, vhost, spec.name))
      return refused(*error);
    if (const auto fits = exchange::check_exchange(spec.type, spec.arguments); !fits)
      return refused({ErrorKind::precondition_failed, fits.error().text});
    if (const FieldValue* alternate = spec.arguments.find("alternate-exchange")) {
      // RabbitMQ's rule: to route what is left over, one must be able to read here, write there.
      if (auto error = check(caller, ResourceKind::exchange, spec.name, Permission::read))
        return refused(*error);
      if (auto error = check(caller, ResourceKind::exchange, *alternate->as<std::string>(),
                             Permission::write))
        return refused(*error);
    }
  }
  auto refusal =
      ports_.topology->declare_exchange(caller.vhost, spec, finisher(caller.session, operation));
  if (refusal) refused(std::move(*refusal));
}

void Shard::find_exchange(const Caller& caller, std::string_view name, OperationNumber operation) {
  if (name.empty())
    return refuse(caller.session, operation, texts::default_exchange_not_permitted());
  if (replica_.find_exchange(caller.vhost, name) == nullptr) {
    return refuse(caller.session, operation,
                  texts::no_exchange(name, replica_.vhost_name(caller.vhost)));
  }
  OperationResult result;
  result.operation = operation;
  finish(caller.session, std::move(result));
}

void Shard::delete_exchange(const Caller& caller, std::string_view name, bool if_unused,
                            OperationNumber operation) {
  const auto refused = [&](BrokerError error) {
    refuse(caller.session, operation, std::move(error));
  };
  if (name.empty()) return refused(texts::default_exchange_not_permitted());
  if (is_reserved(name))
    return refused(texts::system_exchange_deletion(name, replica_.vhost_name(caller.vhost)));
  if (auto error = check(caller, ResourceKind::exchange, name, Permission::configure))
    return refused(*error);
  auto refusal = ports_.topology->delete_exchange(caller.vhost, name, if_unused,
                                                  finisher(caller.session, operation));
  if (refusal) refused(std::move(*refusal));
}

// --- queues
// ---------------------------------------------------------------------------------------

Outlook Shard::declare_queue(const Caller& caller, QueueSpec spec, OperationNumber operation) {
  const auto refused = [&](BrokerError error) {
    refuse(caller.session, operation, std::move(error));
    return Outlook::open;
  };
  const bool is_server_named = spec.name.empty();
  if (is_server_named && queue_type(spec.arguments) == QueueType::quorum)
    return refused(texts::server_named_quorum_queue());
  if (is_server_named) spec.name = make_server_name(queue_name_prefix, random_);
  // RabbitMQ refuses these names even for a queue that is there.
  if (!is_server_named && is_reserved(spec.name))
    return refused(texts::reserved_queue_name(spec.name));
  apply_default_queue_type(spec, replica_.vhost_record(caller.vhost).default_queue_type);
  if (auto error = check(caller, ResourceKind::queue, spec.name, Permission::configure))
    return refused(*error);
  if (const QueuePointer found = replica_.find_queue(caller.vhost, spec.name)) {
    const std::string& vhost = replica_.vhost_name(caller.vhost);
    if (auto error = check_exclusive_access(*found, caller.session, vhost)) return refused(*error);
    if (auto error = compare(*found, spec, vhost)) return refused(*error);
    QueueQuestion question;
    question.kind = QueueQuestion::Kind::find;
    question.operation = operation;
    question.declare = std::make_unique<QueueSpec>(std::move(spec));
    ask(caller, *found, std::move(question));
    return Outlook::open;
  }
  if (const FieldValue* dlx = spec.arguments.find("x-dead-letter-exchange")) {
    // RabbitMQ's rule: who dead-letters must be able to read the queue and write the exchange.
    const auto* name = dlx->as<std::string>();
    if (auto error = check(caller, ResourceKind::queue, spec.name, Permission::read); name && error)
      return refused(*error);
    if (name != nullptr) {
      if (auto error = check(caller, ResourceKind::exchange, *name, Permission::write))
        return refused(*error);
    }
  }
  return create_queue(caller, spec, operation);
}

Outlook Shard::create_queue(const Caller& caller, const QueueSpec& spec,
                            OperationNumber operation) {
  // Runs on the asker's shard, or on the shard of a queue of that name that has just gone.
  auto* mailbox = &ports_.mailbox(caller.session.shard);
  auto done = [mailbox, session = caller.session, operation](const QueuePointer& queue, bool) {
    if (operation == 0) return;
    auto result = std::make_unique<OperationResult>();
    result->operation = operation;
    result->name = queue->name;
    std::vector<Mail> mail;
    mail.emplace_back(ResultMail{session, std::move(result)});
    mailbox->push(mail, 0);
  };
  auto refusal = ports_.topology->declare_queue(caller.vhost, spec, caller.session,
                                                caller.session.shard, std::move(done));
  if (!refusal) return Outlook::certain;
  refuse(caller.session, operation, std::move(*refusal));
  return Outlook::open;
}

void Shard::find_queue(const Caller& caller, std::string_view name, OperationNumber operation) {
  const auto queue = usable_queue(caller, name, std::nullopt);
  if (!queue) return refuse(caller.session, operation, queue.error());
  QueueQuestion question;
  question.kind = QueueQuestion::Kind::find;
  question.operation = operation;
  ask(caller, **queue, std::move(question));
}

void Shard::delete_queue(const Caller& caller, std::string_view name, bool if_unused, bool if_empty,
                         OperationNumber operation) {
  const auto queue = usable_queue(caller, name, Permission::configure);
  if (!queue && queue.error().kind == ErrorKind::not_found) {
    ports_.topology->delete_queue(QueueId::none, caller.vhost, {},
                                  finisher(caller.session, operation));
    return;
  }
  if (!queue) return refuse(caller.session, operation, queue.error());
  QueueQuestion question;
  question.kind = QueueQuestion::Kind::remove;
  question.operation = operation;
  question.if_unused = if_unused;
  question.if_empty = if_empty;
  ask(caller, **queue, std::move(question));
}

// --- bindings
// -------------------------------------------------------------------------------------

std::optional<BrokerError> Shard::check_binding(const Caller& caller,
                                                const BindingSpec& spec) const {
  const auto kind = spec.to_exchange ? ResourceKind::exchange : ResourceKind::queue;
  if (spec.source.empty() || (spec.to_exchange && spec.destination.empty()))
    return texts::default_exchange_not_permitted();
  if (auto error = check(caller, kind, spec.destination, Permission::write)) return error;
  if (auto error = check(caller, ResourceKind::exchange, spec.source, Permission::read))
    return error;
  const RoutedExchange* source = replica_.find_exchange(caller.vhost, spec.source);
  if (source == nullptr) return std::nullopt;
  return check_topic(caller, *source->record, spec.routing_key, Permission::read);
}

Outlook Shard::bind(const Caller& caller, BindingSpec spec, OperationNumber operation) {
  auto refusal = check_binding(caller, spec);
  if (!refusal)
    refusal = ports_.topology->bind(caller.vhost, spec, caller.session,
                                    finisher(caller.session, operation));
  if (!refusal) return Outlook::certain;
  refuse(caller.session, operation, std::move(*refusal));
  return Outlook::open;
}

void Shard::unbind(const Caller& caller, BindingSpec spec, OperationNumber operation) {
  if (auto error = check_binding(caller, spec))
    return refuse(caller.session, operation, std::move(*error));
  auto refusal = ports_.topology->unbind(caller.vhost, spec, caller.session,
                                         finisher(caller.session, operation));
  if (refusal) refuse(caller.session, operation, std::move(*refusal));
}

}  // namespace tern::broker
