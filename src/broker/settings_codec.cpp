// The half of the record codec for what operators set: users, permissions, parameters, policies.
// The layout is in record_codec.hpp.
#include "broker/record_parts.hpp"

namespace tern::broker {

using namespace record_parts;

namespace {

std::string key_of(const UserDefinition& user) {
  std::string key = begin_key(Kind::user);
  append_name(key, user.name);
  return key;
}

std::string key_of(const PermissionDefinition& permission) {
  std::string key = begin_key(Kind::permission);
  append_name(key, permission.vhost);
  append_name(key, permission.user);
  return key;
}

std::string key_of(const TopicPermissionDefinition& permission) {
  std::string key = begin_key(Kind::topic_permission);
  append_name(key, permission.vhost);
  append_name(key, permission.user);
  append_name(key, permission.exchange);
  return key;
}

std::string key_of(const ParameterDefinition& parameter) {
  std::string key = begin_key(Kind::parameter);
  append_name(key, parameter.vhost);
  append_name(key, parameter.component);
  append_name(key, parameter.name);
  return key;
}

std::string key_of(const PolicyDefinition& policy) {
  std::string key = begin_key(Kind::policy);
  append_name(key, policy.vhost);
  append_octet(key, policy.is_operator ? 1 : 0);
  append_name(key, policy.name);
  return key;
}

std::string long_text(ByteReader& reader) {
  return std::string(reader.long_string());
}

}  // namespace

namespace record_parts {

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  append_number(out, static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) append_long_string(out, text);
}

std::vector<std::string> read_texts(ByteReader& reader) {
  std::vector<std::string> texts;
  const std::uint32_t count = reader.u32();
  // Each takes four octets at least: a count that lies ends with the octets.
  for (std::uint32_t at = 0; at < count && !reader.has_failed(); ++at)
    texts.push_back(long_text(reader));
  return texts;
}

std::optional<TopologyRecord> decode_user(ByteReader& key, ByteReader& value) {
  UserDefinition user;
  user.name = read_name(key);
  user.password_hash = long_text(value);
  user.hashing_algorithm = long_text(value);
  user.limits = long_text(value);
  user.tags = read_texts(value);
  if (!is_whole(key) || !is_whole(value)) return std::nullopt;
  return user;
}

std::optional<TopologyRecord> decode_permission(ByteReader& key, ByteReader& value) {
  PermissionDefinition permission;
  permission.vhost = read_name(key);
  permission.user = read_name(key);
  permission.configure = long_text(value);
  permission.write = long_text(value);
  permission.read = long_text(value);
  if (!is_whole(key) || !is_whole(value)) return std::nullopt;
  return permission;
}

std::optional<TopologyRecord> decode_topic_permission(ByteReader& key, ByteReader& value) {
  TopicPermissionDefinition permission;
  permission.vhost = read_name(key);
  permission.user = read_name(key);
  permission.exchange = read_name(key);
  permission.write = long_text(value);
  permission.read = long_text(value);
  if (!is_whole(key) || !is_whole(value)) return std::nullopt;
  return permission;
}

std::optional<TopologyRecord> decode_parameter(ByteReader& key, ByteReader& value) {
  ParameterDefinition parameter;
  parameter.vhost = read_name(key);
  parameter.component = read_name(key);
  parameter.name = read_name(key);
  parameter.value = long_text(value);
  if (!is_whole(key) || !is_whole(value)) return std::nullopt;
  return parameter;
}

std::optional<TopologyRecord> decode_policy(ByteReader& key, ByteReader& value) {
  PolicyDefinition policy;
  policy.vhost = read_name(key);
  const std::uint8_t is_operator = key.u8();
  policy.name = read_name(key);
  policy.pattern = long_text(value);
  const std::uint8_t apply_to = value.u8();
  policy.priority = static_cast<std::int64_t>(value.u64());
  auto definition = read_last_table(value);
  if (!is_whole(key) || !definition || is_operator > 1) return std::nullopt;
  if (apply_to > static_cast<std::uint8_t>(ApplyTo::exchanges)) return std::nullopt;
  policy.is_operator = is_operator == 1;
  policy.apply_to = static_cast<ApplyTo>(apply_to);
  policy.definition = std::move(*definition);
  return policy;
}

std::optional<TopologyRecord> decode_setup(ByteReader& key, ByteReader& value) {
  if (!is_whole(key) || !is_whole(value)) return std::nullopt;
  return SetupDone{};
}

}  // namespace record_parts

storage::Record encode_record(const UserDefinition& user) {
  std::string value = begin_value();
  append_long_string(value, user.password_hash);
  append_long_string(value, user.hashing_algorithm);
  append_long_string(value, user.limits);
  append_texts(value, user.tags);
  return {key_of(user), std::move(value)};
}

storage::Record encode_record(const PermissionDefinition& permission) {
  std::string value = begin_value();
  append_long_string(value, permission.configure);
  append_long_string(value, permission.write);
  append_long_string(value, permission.read);
  return {key_of(permission), std::move(value)};
}

storage::Record encode_record(const TopicPermissionDefinition& permission) {
  std::string value = begin_value();
  append_long_string(value, permission.write);
  append_long_string(value, permission.read);
  return {key_of(permission), std::move(value)};
}

storage::Record encode_record(const ParameterDefinition& parameter) {
  std::string value = begin_value();
  append_long_string(value, parameter.value);
  return {key_of(parameter), std::move(value)};
}

storage::Record encode_record(const PolicyDefinition& policy) {
  std::string value = begin_value();
  append_long_string(value, policy.pattern);
  append_octet(value, static_cast<std::uint8_t>(policy.apply_to));
  append_number(value, static_cast<std::uint64_t>(policy.priority));
  append_table(value, policy.definition);
  return {key_of(policy), std::move(value)};
}

storage::Record encode_record(const SetupDone&) {
  return {begin_key(Kind::setup), begin_value()};
}

storage::Record forget_record(const UserDefinition& user) {
  return {key_of(user), {}};
}
storage::Record forget_record(const PermissionDefinition& permission) {
  return {key_of(permission), {}};
}
storage::Record forget_record(const TopicPermissionDefinition& permission) {
  return {key_of(permission), {}};
}
storage::Record forget_record(const ParameterDefinition& parameter) {
  return {key_of(parameter), {}};
}
storage::Record forget_record(const PolicyDefinition& policy) {
  return {key_of(policy), {}};
}

}  // namespace tern::broker
