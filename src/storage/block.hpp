// Blocks: the messages of one stream in one commit as one value, and the messages that several
// streams of a commit share. Pure: bytes in, bytes out; decoding trusts nothing.
//
//   block        := varint count, varint span (last position - first), varint commit (0: nothing
//                   shared), count x entry
//   entry        := varint position - previous position (the key's for the first), message | shared
//   message      := u8 flags, [u8 priority], [varint ttl ms], [varint received], varint names,
//                   [hidden keys], properties and body bytes, these in the same order
//   shared       := u8 flags, varint part, varint index in it
//   shared block := varint n, n x { varint stream, first, span }, varint count, count x message
//
// `received` is the time since the message before it in the block (before the first: the Unix
// epoch) in ms, zigzag coded, and left out if it is 0: messages that come together pay nothing.
//
// The list of a shared block says who refers to it: when all of those are settled, it is garbage.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "message/message.hpp"
#include "storage/key_layout.hpp"
#include "storage/varint.hpp"

namespace tern::storage {

/// A value put together from pieces: small ones are copied, large ones referred to where they lie.
class ValueWriter {
 public:
  /// Pieces at least this long are not copied. (A piece costs its own append later.)
  static constexpr std::size_t refer_bytes_min = 256;

  void clear();
  void varint(std::uint64_t value) { put_varint(scratch_, value); }
  void byte(std::uint8_t value) { scratch_.push_back(static_cast<char>(value)); }
  /// `bytes` must stay where they are until the parts have been used.
  void bytes(Bytes bytes);
  [[nodiscard]] std::size_t size() const noexcept { return scratch_.size() + referred_bytes_; }
  /// Appends the pieces in order. Valid until the writer is changed.
  void parts(std::vector<Bytes>& to) const;

 private:
  struct Referred {
    std::size_t scratch_end;  // what of the scratch comes before it
    Bytes bytes;
  };
  std::string scratch_;
  std::vector<Referred> referred_;
  std::size_t referred_bytes_ = 0;
};

/// Builds a block. Positions ascend.
class BlockWriter {
 public:
  void begin(Position first);
  void add(Position position, const MessageParts& message);
  void add_shared(Position position, CommitId commit, std::uint32_t part, std::uint32_t index);
  [[nodiscard]] std::size_t size() const noexcept { return body_.size() + 16; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Position first() const noexcept { return first_; }
  [[nodiscard]] Position last() const noexcept { return last_; }
  /// The whole value in pieces; valid until the next begin().
  void finish(std::vector<Bytes>& parts);

 private:
  void position(Position position);

  std::string head_;
  ValueWriter body_;
  Position first_ = 0;
  Position last_ = 0;
  std::uint64_t count_ = 0;
  CommitId commit_ = 0;
  Time received_{};  // of the last message
};

struct BlockEntry {
  Position position = 0;
  bool shared = false;
  std::uint32_t part = 0;   ///< if shared
  std::uint32_t index = 0;  ///< if shared
  MessageParts message;     ///< if not shared: views into the value
};

/// Reads a block front to back.
class BlockReader {
 public:
  BlockReader(Position first, Bytes value) noexcept;

  /// False at the end or when the value is damaged; then ok() tells which.
  [[nodiscard]] bool next(BlockEntry& entry) noexcept;
  [[nodiscard]] bool ok() const noexcept { return from_.ok(); }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Position last() const noexcept { return last_; }
  [[nodiscard]] CommitId commit() const noexcept { return commit_; }

 private:
  ByteReader from_;
  Position position_;
  std::uint64_t count_ = 0;
  std::uint64_t left_ = 0;
  Position last_ = 0;
  CommitId commit_ = 0;
  Time received_{};  // of the last message
};

/// A stream's messages that refer to a shared block, with positions in [first, last].
struct SharedBy {
  Stream stream = 0;
  Position first = 0;
  Position last = 0;

  friend bool operator==(const SharedBy&, const SharedBy&) = default;
};

/// Writes one message of a shared block. `received` is that of the message before it, and then its
/// own; the first is given Time{}.
void write_message(ValueWriter& to, const MessageParts& message, Time& received);
/// The head of a shared block; `count` messages follow.
void encode_shared_head(std::string& to, const std::vector<SharedBy>& users, std::uint64_t count);

/// Reads a shared block front to back.
class SharedReader {
 public:
  explicit SharedReader(Bytes value);

  [[nodiscard]] bool next(MessageParts& message) noexcept;
  [[nodiscard]] bool ok() const noexcept { return from_.ok(); }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const std::vector<SharedBy>& users() const noexcept { return users_; }

 private:
  ByteReader from_;
  std::vector<SharedBy> users_;
  std::uint64_t count_ = 0;
  std::uint64_t left_ = 0;
  Time received_{};  // of the last message
};

}  // namespace tern::storage
