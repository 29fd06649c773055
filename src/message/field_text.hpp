// How RabbitMQ shows values in the texts that clients match on: Erlang's notation for bytes and
// lists. Pure; only for errors, never on the way of a message.
#pragma once

#include <string>

#include "message/field_table.hpp"

namespace tern {

/// Bytes as numbers: <<0,0,5,97,98>>.
[[nodiscard]] std::string erlang_numbers(Bytes bytes);

/// Bytes as text where all of them are printable ASCII, else as numbers: <<"ab">>, <<0,20>>, <<>>.
[[nodiscard]] std::string erlang_binary(Bytes bytes);

/// A field value alone: 1000, some text, true, undefined, [{longstr,<<"a">>}].
[[nodiscard]] std::string field_text(const FieldValue& value);

/// A field value in a sentence: the value '1000' of type 'signedint'. A null pointer is none.
[[nodiscard]] std::string describe_field(const FieldValue* value);

}  // namespace tern
