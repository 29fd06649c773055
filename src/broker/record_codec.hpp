// Record codec: durable topology as small records of the store. A record's key says what the thing
// is called and its value the rest; keys sort so that a load in key order meets the id counters
// first, then virtual hosts, exchanges, queues, bindings, and what operators set last. Pure; any
// thread.
//
//   key     = kind octet, then                    value = version octet (1), then
//   1 ids                                         u32 next queue id, u32 next vhost number
//   2 vhost     name                              u32 number; if it has any of these: description,
//                                                 default queue type, limits, tags
//   3 exchange  u32 vhost, name                   u8 flags, short type, [u32 gate], table arguments
//   4 queue     u32 vhost, name                   u8 flags, u32 id, [u8 highest priority, u32
//                                                 levels' begin, u32 stride], table arguments
//   5 binding   u32 vhost, source, u8 to          table arguments
//               exchange, destination, routing
//               key, digest of the arguments
//   6 user      name                              hash, algorithm, limits, tags
//   7 permission  vhost's name, user              configure, write, read
//   8 topic     vhost's name, user, exchange      write, read
//     permission
//   9 parameter vhost's name, component, name     value
//  10 policy    vhost's name, u8 is operator's,   pattern, u8 apply-to, u64 priority, table
//               name                              definition
//  11 setup done                                  nothing: the default user was made once
//
//   name    = u16 length, octets: no name can be read as the end of another's key
//   digest  = nothing for no arguments, else SHA-256 of their canonical entries
//   flags   = 1 durable, 2 exclusive, 4 auto-delete, 8 internal, 16 priority levels, 32 gate
//
//   tags    = u32 count, texts
//
// Numbers are big-endian; tables, short strings and long ones (all other texts) those of AMQP.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "broker/definitions.hpp"
#include "broker/records.hpp"
#include "storage/store.hpp"

namespace tern::broker {

/// Numbers that are never given twice: written before the first use of what lies below them.
struct NextIds {
  QueueId queue{1};
  std::uint32_t vhost = 1;
  friend bool operator==(const NextIds&, const NextIds&) = default;
};

/// The data directory was set up: its first user and virtual host were made, and will not be made
/// again when somebody deletes them.
struct SetupDone {
  friend bool operator==(const SetupDone&, const SetupDone&) = default;
};

/// The record that keeps the thing. Of a queue, shard and owner are not kept; of an exchange, its
/// number is not: they belong to a run.
[[nodiscard]] storage::Record encode_record(const NextIds& ids);
[[nodiscard]] storage::Record encode_record(const VhostRecord& vhost);
[[nodiscard]] storage::Record encode_record(const ExchangeRecord& exchange);
[[nodiscard]] storage::Record encode_record(const QueueRecord& queue);
[[nodiscard]] storage::Record encode_record(const BindingRecord& binding);
[[nodiscard]] storage::Record encode_record(const UserDefinition& user);
[[nodiscard]] storage::Record encode_record(const PermissionDefinition& permission);
[[nodiscard]] storage::Record encode_record(const TopicPermissionDefinition& permission);
[[nodiscard]] storage::Record encode_record(const ParameterDefinition& parameter);
[[nodiscard]] storage::Record encode_record(const PolicyDefinition& policy);
[[nodiscard]] storage::Record encode_record(const SetupDone& setup);

/// The record that forgets the thing (no value).
[[nodiscard]] storage::Record forget_record(const VhostRecord& vhost);
[[nodiscard]] storage::Record forget_record(const ExchangeRecord& exchange);
[[nodiscard]] storage::Record forget_record(const QueueRecord& queue);
[[nodiscard]] storage::Record forget_record(const BindingRecord& binding);
[[nodiscard]] storage::Record forget_record(const UserDefinition& user);
[[nodiscard]] storage::Record forget_record(const PermissionDefinition& permission);
[[nodiscard]] storage::Record forget_record(const TopicPermissionDefinition& permission);
[[nodiscard]] storage::Record forget_record(const ParameterDefinition& parameter);
[[nodiscard]] storage::Record forget_record(const PolicyDefinition& policy);

using TopologyRecord =
    std::variant<NextIds, VhostRecord, ExchangeRecord, QueueRecord, BindingRecord, UserDefinition,
                 PermissionDefinition, TopicPermissionDefinition, ParameterDefinition,
                 PolicyDefinition, SetupDone>;

/// Of which part of a load the key's record is: ids and virtual hosts, or what operators set.
[[nodiscard]] bool is_vhost_key(std::string_view key) noexcept;
[[nodiscard]] bool is_setting_key(std::string_view key) noexcept;

/// What a record of the store keeps. Error: damage, a kind or a version that is not known (a newer
/// broker's); the text says which thing it was, as far as that can be read.
[[nodiscard]] Result<TopologyRecord> decode_record(std::string_view key, std::string_view value);

}  // namespace tern::broker
