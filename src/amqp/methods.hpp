// The one table of AMQP 0-9-1 methods, and the generic encoding and decoding that follow from it.
// A method is a struct (methods_*.hpp); everything here works on any of them. Pure; any thread.
#pragma once

#include <optional>
#include <utility>

#include "amqp/method_codec.hpp"
#include "amqp/methods_basic.hpp"
#include "amqp/methods_connection.hpp"
#include "amqp/methods_topology.hpp"

namespace tern::amqp {

template <class... Methods>
struct MethodList {
  static constexpr std::size_t size = sizeof...(Methods);
};

/// Every method, the frequent ones first: dispatch compares in this order.
using AllMethods =
    MethodList<BasicPublish, BasicAck, BasicNack, BasicReject, BasicDeliver, ConnectionStart,
               ConnectionStartOk, ConnectionSecure, ConnectionSecureOk, ConnectionTune,
               ConnectionTuneOk, ConnectionOpen, ConnectionOpenOk, ConnectionClose,
               ConnectionCloseOk, ConnectionBlocked, ConnectionUnblocked, ConnectionUpdateSecret,
               ConnectionUpdateSecretOk, ChannelOpen, ChannelOpenOk, ChannelFlow, ChannelFlowOk,
               ChannelClose, ChannelCloseOk, AccessRequest, AccessRequestOk, ExchangeDeclare,
               ExchangeDeclareOk, ExchangeDelete, ExchangeDeleteOk, ExchangeBind, ExchangeBindOk,
               ExchangeUnbind, ExchangeUnbindOk, QueueDeclare, QueueDeclareOk, QueueBind,
               QueueBindOk, QueuePurge, QueuePurgeOk, QueueDelete, QueueDeleteOk, QueueUnbind,
               QueueUnbindOk, BasicQos, BasicQosOk, BasicConsume, BasicConsumeOk, BasicCancel,
               BasicCancelOk, BasicReturn, BasicGet, BasicGetOk, BasicGetEmpty, BasicRecoverAsync,
               BasicRecover, BasicRecoverOk, ConfirmSelect, ConfirmSelectOk, TxSelect, TxSelectOk,
               TxCommit, TxCommitOk, TxRollback, TxRollbackOk>;

/// Calls `visit.template operator()<Method>()` for each method of the list.
template <class... Methods, class Visit>
constexpr void for_each_method(MethodList<Methods...>, Visit&& visit) {
  (visit.template operator()<Methods>(), ...);
}

/// The method's entry, or nullptr if there is none of that id.
[[nodiscard]] const MethodInfo* find_method(MethodId id) noexcept;

/// What a client is told about a payload that visit_method() refused, in RabbitMQ's words. Nothing
/// for an unknown method: RabbitMQ closes the socket without a frame.
[[nodiscard]] std::optional<ConnectionError> to_connection_error(const MethodFault& fault,
                                                                 Bytes payload);

namespace detail {

template <class Method, class Visitor>
std::optional<MethodFault> decode_and_visit(Bytes arguments, Visitor& visitor) {
  Method method;
  if (const auto fault = decode_arguments(arguments, method)) [[unlikely]]
    return MethodFault{*fault, Method::info.id};
  visitor(static_cast<const Method&>(method));
  return std::nullopt;
}

template <class Visitor, class... Methods>
std::optional<MethodFault> visit_listed(MethodList<Methods...>, MethodId id, Bytes arguments,
                                        Visitor& visitor) {
  std::optional<MethodFault> outcome = MethodFault{MethodFault::unknown_method, id};
  const std::uint32_t key = id.key();
  static_cast<void>(((key == Methods::info.id.key() &&
                      (outcome = decode_and_visit<Methods>(arguments, visitor), true)) ||
                     ...));
  return outcome;
}

}  // namespace detail

/// Decodes the payload of a method frame (class id, method id, arguments) and calls
/// `visitor(const TheMethod&)`, an overload or template that takes every method of the table.
/// Returns what is wrong with the payload, in which case the visitor was not called. What the
/// visitor throws passes through. The frame parser has checked that four octets are there.
template <class Visitor>
[[nodiscard]] std::optional<MethodFault> visit_method(Bytes payload, Visitor&& visitor) {
  const auto id = read_method_id(payload);
  if (!id) return MethodFault{MethodFault::malformed, {}};
  return detail::visit_listed(AllMethods{}, *id, payload.substr(4), visitor);
}

}  // namespace tern::amqp
