// Base64: the examples of RFC 4648, both alphabets, and what is no base64.
#include "base/base64.hpp"

#include <catch2/catch.hpp>

using namespace tern;

TEST_CASE("base64 gives the examples of RFC 4648") {
  const std::pair<std::string, std::string> examples[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : examples) {
    CHECK(encode_base64(bytes) == text);
    CHECK(decode_base64(text) == bytes);
  }
}

TEST_CASE("base64 takes every octet there and back") {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  CHECK(decode_base64(encode_base64(all)) == all);
}

TEST_CASE("base64url has its own two characters and no padding") {
  CHECK(encode_base64("\xFB\xFF\xFE") == "+//+");
  CHECK(encode_base64url("\xFB\xFF\xFE") == "-__-");
  CHECK(encode_base64url("f") == "Zg");
  CHECK(encode_base64url(std::string(16, '\xFF')).size() == 22);
}

TEST_CASE("base64 refuses what is none") {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zm9v=", "Zm 9", "Z=9v", "Zm9-", "Zh=="}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text).has_value());
  }
}
