// One row of the outbox table as it was read, and the message that it stands for. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "ternmq/message.hpp"

namespace tern::outbox {

struct Row {
  std::int64_t id = 0;     ///< the order of the rows
  std::string message_id;  ///< a UUID: never used twice, by this table or another
  std::string exchange;
  std::string routing_key;
  std::string body;
  // Empty: the column is NULL.
  std::string content_type;
  std::string type;
  std::string correlation_id;
  std::string headers;  ///< a JSON object
};

/// The row's message, with its message_id as the property and as the header
/// `deduplication_header`. The error says why there can be no such message: it will be the same
/// next time.
[[nodiscard]] Result<ternmq::message> to_message(const Row& row,
                                                 const std::string& deduplication_header);

}  // namespace tern::outbox
