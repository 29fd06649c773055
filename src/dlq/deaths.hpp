// Deaths: the header `x-death`, in which RabbitMQ writes where a message died, newest first, one
// entry for each pair of queue and reason. It is read where it lies, and as a client can send
// anything under that name, what does not fit is passed over and kept as it is. Pure; any thread.
//
//   x-death  array of tables: count l, reason S, queue S, time T (seconds), exchange S,
//            routing-keys array of S, original-expiration S (if it had an expiration of its own)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "message/message.hpp"
#include "message/table_view.hpp"

namespace tern::dlq {

inline constexpr Bytes deaths_name = "x-death";

/// One entry, as views into the headers. What is missing or of another type is empty.
struct Death {
  Bytes entries;  ///< the whole table, without its length
  Bytes queue;
  Bytes reason;
  Bytes exchange;
  Bytes routing_keys;  ///< values of the array
  std::optional<std::int64_t> count;
  bool has_exchange = false;  ///< the default exchange's name is empty, too
};
[[nodiscard]] Death read_death(Bytes entries) noexcept;

/// The values of `x-death` in headers; nothing if it is not there or no array.
[[nodiscard]] std::optional<Bytes> find_deaths(Bytes headers) noexcept;

/// What is said of a death that happens now.
struct NewDeath {
  Bytes queue;
  Bytes reason;
  Bytes exchange;                   ///< the one that the message was published to
  std::vector<Bytes> keys;          ///< its routing keys
  std::optional<Bytes> expiration;  ///< its own, as it was sent
  Time now{};
};

/// The first `x-death` of a message: values of the array.
[[nodiscard]] std::string first_death(const NewDeath& death);
/// The array `deaths` with one more: what it has of the same queue and reason comes to the front
/// with a count one higher, and keeps time, exchange and keys; else there is a new entry in front.
/// The fields of the entry in front are in order of their names: RabbitMQ sorts it then.
[[nodiscard]] std::string one_more_death(Bytes deaths, const NewDeath& death);

/// The texts of an array of S, others passed over.
[[nodiscard]] std::vector<Bytes> texts_of(Bytes values);

}  // namespace tern::dlq
