// Fuzzes base64: whatever is decoded has one text only, and any octets survive a round trip.
#include "base/base64.hpp"
#include "base/ensure.hpp"

using namespace tern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = decode_base64(input))
    ensure(encode_base64(*bytes) == input, "two texts for the same octets");

  const std::string text = encode_base64(input);
  ensure(text.size() == (size + 2) / 3 * 4, "text of the wrong length");
  ensure(decode_base64(text) == input, "octets changed by a round trip");

  // The other alphabet differs in two characters and has no padding.
  std::string url = encode_base64url(input);
  for (char& character : url) {
    ensure(character != '+' && character != '/' && character != '=', "not for a URL");
    if (character == '-') character = '+';
    if (character == '_') character = '/';
  }
  url.append(text.size() - url.size(), '=');
  ensure(url == text, "the alphabets disagree");
  return 0;
}
