#include "storage/block.hpp"

#include "base/ensure.hpp"

namespace tern::storage {
namespace {

enum Flag : std::uint8_t {
  flag_persistent = 1,
  flag_shared = 2,
  flag_priority = 4,
  flag_ttl = 8,
  flag_timed = 16,
  flag_received = 32,
  flag_hidden_keys = 64
};
constexpr std::uint8_t known_flags = 127;

// From one time to another as a number that is small when they are close, whatever the order.
std::uint64_t time_step(Time from, Time to) noexcept {
  const auto step = static_cast<std::uint64_t>(to.time_since_epoch().count()) -
                    static_cast<std::uint64_t>(from.time_since_epoch().count());
  return (step << 1) ^ (step >> 63 != 0 ? ~std::uint64_t{0} : 0);
}

Time add_time_step(Time from, std::uint64_t coded) noexcept {
  const std::uint64_t step = (coded >> 1) ^ ((coded & 1) != 0 ? ~std::uint64_t{0} : 0);
  const auto sum = static_cast<std::uint64_t>(from.time_since_epoch().count()) + step;
  return Time{Millis{static_cast<std::int64_t>(sum)}};
}

bool are_names(Bytes names) noexcept {
  if (names.size() < 2) return false;
  const std::size_t exchange = static_cast<std::uint8_t>(names[0]);
  if (names.size() < exchange + 2) return false;
  const std::size_t key = static_cast<std::uint8_t>(names[exchange + 1]);
  return names.size() == exchange + 2 + key;
}

bool read_message(ByteReader& from, std::uint8_t flags, MessageParts& message,
                  Time& received) noexcept {
  message.persistent = (flags & flag_persistent) != 0;
  message.priority = (flags & flag_priority) != 0 ? from.byte() : 0;
  message.has_ttl = (flags & flag_ttl) != 0;
  message.ttl_ms = message.has_ttl ? from.varint() : 0;
  if (message.ttl_ms >> 48 != 0) from.fail();
  message.is_timed = (flags & flag_timed) != 0;
  if ((flags & flag_received) != 0) received = add_time_step(received, from.varint());
  message.received = received;
  const std::uint64_t names = from.varint();
  const std::uint64_t hidden_keys = (flags & flag_hidden_keys) != 0 ? from.varint32() : 0;
  const std::uint64_t properties = from.varint32();
  const std::uint64_t body = from.varint32();
  message.names = from.bytes(names);
  message.hidden_keys = from.bytes(hidden_keys);
  message.properties = from.bytes(properties);
  message.body = from.bytes(body);
  if (!from.ok()) return false;
  if (!are_names(message.names)) from.fail();
  return from.ok();
}

}  // namespace

void ValueWriter::clear() {
  scratch_.clear();
  referred_.clear();
  referred_bytes_ = 0;
}

void ValueWriter::bytes(Bytes bytes) {
  if (bytes.size() < refer_bytes_min) {
    scratch_.append(bytes);
    return;
  }
  referred_.push_back({scratch_.size(), bytes});
  referred_bytes_ += bytes.size();
}

void ValueWriter::parts(std::vector<Bytes>& to) const {
  std::size_t at = 0;
  for (const Referred& referred : referred_) {
    if (referred.scratch_end > at) to.emplace_back(scratch_.data() + at, referred.scratch_end - at);
    to.push_back(referred.bytes);
    at = referred.scratch_end;
  }
  if (scratch_.size() > at) to.emplace_back(scratch_.data() + at, scratch_.size() - at);
}

void write_message(ValueWriter& to, const MessageParts& message, Time& received) {
  std::uint8_t flags = message.persistent ? flag_persistent : 0;
  if (message.priority != 0) flags |= flag_priority;
  if (message.has_ttl) flags |= flag_ttl;
  if (message.is_timed) flags |= flag_timed;
  if (message.received != received) flags |= flag_received;
  if (!message.hidden_keys.empty()) flags |= flag_hidden_keys;
  to.byte(flags);
  if (message.priority != 0) to.byte(message.priority);
  if (message.has_ttl) to.varint(message.ttl_ms);
  if (message.received != received) to.varint(time_step(received, message.received));
  received = message.received;
  to.varint(message.names.size());
  if (!message.hidden_keys.empty()) to.varint(message.hidden_keys.size());
  to.varint(message.properties.size());
  to.varint(message.body.size());
  to.bytes(message.names);
  to.bytes(message.hidden_keys);
  to.bytes(message.properties);
  to.bytes(message.body);
}

void BlockWriter::begin(Position first) {
  body_.clear();
  first_ = first;
  last_ = first;
  count_ = 0;
  commit_ = 0;
  received_ = {};
}

void BlockWriter::position(Position position) {
  ensure(position >= last_, "positions in a block must ascend");
  body_.varint(position - last_);
  last_ = position;
  ++count_;
}

void BlockWriter::add(Position at, const MessageParts& message) {
  position(at);
  write_message(body_, message, received_);
}

void BlockWriter::add_shared(Position at, CommitId commit, std::uint32_t part,
                             std::uint32_t index) {
  ensure(commit_ == 0 || commit_ == commit, "a block shares with one commit only");
  commit_ = commit;
  position(at);
  body_.byte(flag_shared);
  body_.varint(part);
  body_.varint(index);
}

void BlockWriter::finish(std::vector<Bytes>& parts) {
  ensure(count_ > 0, "empty block");
  head_.clear();
  put_varint(head_, count_);
  put_varint(head_, last_ - first_);
  put_varint(head_, commit_);
  parts.emplace_back(head_);
  body_.parts(parts);
}

BlockReader::BlockReader(Position first, Bytes value) noexcept : from_(value), position_(first) {
  count_ = from_.varint();
  last_ = from_.last_of(first);
  commit_ = from_.varint();
  // An entry has at least two bytes.
  if (count_ == 0 || count_ > from_.left() / 2) from_.fail();
  left_ = from_.ok() ? count_ : 0;
}

bool BlockReader::next(BlockEntry& entry) noexcept {
  if (left_ == 0) {
    if (from_.ok() && !from_.at_end()) from_.fail();
    return false;
  }
  const std::uint64_t step = from_.varint();
  if (step > last_ - position_) from_.fail();
  position_ += step;
  const std::uint8_t flags = from_.byte();
  if ((flags & ~known_flags) != 0) from_.fail();
  entry.position = position_;
  entry.shared = (flags & flag_shared) != 0;
  if (entry.shared) {
    entry.part = from_.varint32();
    entry.index = from_.varint32();
    if (commit_ == 0 || entry.part >= shared_parts_max) from_.fail();
  } else if (!read_message(from_, flags, entry.message, received_)) {
    from_.fail();
  }
  --left_;
  if (!from_.ok()) left_ = 0;
  return from_.ok();
}

void encode_shared_head(std::string& to, const std::vector<SharedBy>& users, std::uint64_t count) {
  put_varint(to, users.size());
  for (const SharedBy& user : users) {
    put_varint(to, user.stream);
    put_varint(to, user.first);
    put_varint(to, user.last - user.first);
  }
  put_varint(to, count);
}

SharedReader::SharedReader(Bytes value) : from_(value) {
  const std::uint64_t users = from_.varint();
  if (users > from_.left() / 3) from_.fail();
  if (from_.ok()) users_.reserve(users);
  for (std::uint64_t i = 0; i < users && from_.ok(); ++i) {
    SharedBy user;
    user.stream = from_.varint32();
    user.first = from_.varint();
    user.last = from_.last_of(user.first);
    users_.push_back(user);
  }
  count_ = from_.varint();
  if (count_ > from_.left()) from_.fail();
  left_ = from_.ok() ? count_ : 0;
}

bool SharedReader::next(MessageParts& message) noexcept {
  if (left_ == 0) {
    if (from_.ok() && !from_.at_end()) from_.fail();
    return false;
  }
  const std::uint8_t flags = from_.byte();
  if ((flags & ~known_flags) != 0 || (flags & flag_shared) != 0) from_.fail();
  if (!read_message(from_, flags, message, received_)) from_.fail();
  --left_;
  if (!from_.ok()) left_ = 0;
  return from_.ok();
}

}  // namespace tern::storage
