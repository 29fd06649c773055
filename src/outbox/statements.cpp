#include "outbox/statements.hpp"

#include <fmt/format.h>

#include "base/ensure.hpp"
#include "outbox/settings.hpp"

namespace tern::outbox {
namespace {

// {0}: the table, {1}: its schema with a dot, or nothing, {2}: its name alone, without quotes.
constexpr std::string_view schema_text = R"(-- The outbox of `ternmq outbox`: docs/outbox.md.
CREATE TABLE IF NOT EXISTS {0} (
  id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id      uuid        NOT NULL DEFAULT gen_random_uuid(),
  exchange        text        NOT NULL DEFAULT '',
  routing_key     text        NOT NULL DEFAULT '',
  body            bytea       NOT NULL,
  content_type    text,
  type            text,
  correlation_id  text,
  headers         jsonb,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts        integer     NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  sent_at         timestamptz,
  failed_at       timestamptz,
  failure         text
);

CREATE INDEX IF NOT EXISTS "{2}_pending" ON {0} (id)
  WHERE sent_at IS NULL AND failed_at IS NULL;

CREATE OR REPLACE FUNCTION {1}"{2}_notify"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{2}', '');
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER "{2}_notify" AFTER INSERT ON {0}
  FOR EACH STATEMENT EXECUTE FUNCTION {1}"{2}_notify"();
)";

// The order is that of the column: `id` alone would be the text that is selected under this name.
constexpr std::string_view lock_text = R"(SELECT o.id::text, o.message_id::text, o.exchange,
  o.routing_key, o.body, o.content_type, o.type, o.correlation_id, o.headers::text
FROM {} AS o
WHERE o.sent_at IS NULL AND o.failed_at IS NULL
  AND (o.next_attempt_at IS NULL OR o.next_attempt_at <= clock_timestamp())
ORDER BY o.id LIMIT $1::bigint FOR UPDATE OF o SKIP LOCKED)";

constexpr std::string_view deferred_text = R"(UPDATE {} SET attempts = attempts + 1,
  next_attempt_at = clock_timestamp() + interval '1 millisecond' *
    least($3::bigint, $2::bigint * (1::bigint << least(attempts, 30)))
WHERE id = ANY($1::bigint[]))";

}  // namespace

Statements make_statements(const std::string& table, bool deletes_sent) {
  ensure(is_table_name(table), "a table's name has been checked");
  const auto dot = table.find('.');
  const bool has_schema = dot != std::string::npos;
  const std::string schema = has_schema ? fmt::format("\"{}\".", table.substr(0, dot)) : "";
  const std::string name = has_schema ? table.substr(dot + 1) : table;
  const std::string quoted = fmt::format("{}\"{}\"", schema, name);

  Statements made;
  made.schema = fmt::format(schema_text, quoted, schema, name);
  made.listen = fmt::format("LISTEN \"{}\"", name);
  made.lock_rows = fmt::format(lock_text, quoted);
  made.sent = deletes_sent ? fmt::format("DELETE FROM {} WHERE id = ANY($1::bigint[])", quoted)
                           : fmt::format(
                                 "UPDATE {} SET sent_at = clock_timestamp() "
                                 "WHERE id = ANY($1::bigint[])",
                                 quoted);
  made.failed = fmt::format(
      "UPDATE {} SET failed_at = clock_timestamp(), failure = $2::text WHERE id = $1::bigint",
      quoted);
  made.deferred = fmt::format(deferred_text, quoted);
  return made;
}

}  // namespace tern::outbox
