// Fuzzes message properties: decoding, editing, and a round trip of what was accepted.
#include "message/properties.hpp"
#include "message/table_view.hpp"

using namespace tern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes encoded(reinterpret_cast<const char*>(data), size);
  const auto trusted = PropertiesView::decode(encoded, PropertiesView::Headers::trust);
  const auto view = PropertiesView::decode(encoded);
  if (!view) return 0;
  ensure(trusted.has_value(), "refused without the check of headers, accepted with it");

  const std::string again = encode_properties(*view);
  ensure(again.size() <= encoded.size(), "properties grew");
  const auto decoded_again = PropertiesView::decode(again);
  ensure(decoded_again.has_value(), "own encoding refused");
  ensure(encode_properties(*decoded_again) == again, "properties changed by a round trip");

  const auto owned = to_properties(*view);
  ensure(owned.has_value(), "checked headers do not decode");
  ensure(encode_properties(*owned).size() == again.size(), "owned properties of another length");

  auto edited = *view;
  const std::string headers = entries_without(view->headers(), "BCC");
  if (view->has(Property::headers)) edited.set(Property::headers, headers);
  edited.clear(Property::expiration);
  const std::string edited_bytes = encode_properties(edited);
  const auto after = PropertiesView::decode(edited_bytes);
  ensure(after.has_value(), "edited properties refused");
  ensure(!after->has(Property::expiration), "expiration still there");
  ensure(!TableView(after->headers()).find("BCC").has_value(), "BCC still there");
  return 0;
}
