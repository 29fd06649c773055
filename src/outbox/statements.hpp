// The SQL that the relay speaks, for a table of any name. Pure.
#pragma once

#include <string>

namespace tern::outbox {

struct Statements {
  std::string schema;     ///< makes the table, its index, and the trigger that notifies
  std::string listen;     ///< for the trigger's notifications
  std::string lock_rows;  ///< $1: how many
  std::string sent;       ///< $1: an array of ids
  std::string failed;     ///< $1: an id, $2: the reason
  std::string deferred;   ///< $1: an array of ids, $2: the first wait, $3: the longest, in ms
};

/// `table` is a name as is_table_name() takes it.
[[nodiscard]] Statements make_statements(const std::string& table, bool deletes_sent);

}  // namespace tern::outbox
