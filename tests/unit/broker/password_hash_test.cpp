// Password hashes as RabbitMQ makes them.
#include "broker/password_hash.hpp"

#include <catch2/catch.hpp>

#include "base/base64.hpp"

using namespace tern;
using namespace tern::broker;

namespace {

std::string hex(Bytes bytes) {
  std::string text;
  for (const char octet : bytes) {
    text += "0123456789abcdef"[static_cast<std::uint8_t>(octet) >> 4];
    text += "0123456789abcdef"[static_cast<std::uint8_t>(octet) & 15];
  }
  return text;
}

}  // namespace

TEST_CASE("sha256 gives the example of FIPS 180") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("a password hash is base64 of the salt and the digest of salt and password") {
  const std::string hash = hash_password(0x908DC60AU, "test12");
  // The worked example of RabbitMQ's documentation on password hashing.
  CHECK(hash == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
  CHECK(is_password("test12", hash));
  CHECK_FALSE(is_password("test1", hash));
  CHECK_FALSE(is_password("", hash));
}

TEST_CASE("nothing is the password of what is no hash") {
  const std::string hash = hash_password(1, "a");
  CHECK_FALSE(is_password("a", ""));
  CHECK_FALSE(is_password("a", "not base64"));
  CHECK_FALSE(is_password("a", encode_base64(std::string(35, 'x'))));
  CHECK_FALSE(is_password("a", encode_base64(*decode_base64(hash) + "x")));
}

TEST_CASE("hashes of the other algorithms are checked by their own rules") {
  const std::string sha512 = "rabbit_password_hashing_sha512";
  const std::string md5 = "rabbit_password_hashing_md5";
  // The salt 1 2 3 4, and the digest of it and "secret" as Python's hashlib makes it.
  const std::string md5_hash = "AQIDBDgk9ci8Lfh6CKE9Y0AUfmU=";
  const std::string sha512_hash =
      "AQIDBPhTH2L5HGYB1LWOrn+YpvuQmVOXKGqgsuiJRIZTILRoEvblSJo/"
      "WAsym3IZTfuaIaK5KR2o5KwFfTv6KsxfMIE=";
  CHECK(is_password("secret", sha512_hash, sha512));
  CHECK_FALSE(is_password("Secret", sha512_hash, sha512));
  CHECK(is_password("secret", md5_hash, md5));
  CHECK_FALSE(is_password("Secret", md5_hash, md5));
  CHECK_FALSE(is_password("secret", md5_hash));
  CHECK_FALSE(is_password("secret", md5_hash, sha512));
  CHECK_FALSE(is_password("secret", md5_hash, "rabbit_password_hashing_bcrypt"));
  CHECK(is_password_hash(md5_hash, md5));
  CHECK_FALSE(is_password_hash(md5_hash, sha512));
  CHECK(is_password_hash(encode_base64(std::string(68, 'x')), sha512));
  CHECK(is_hashing_algorithm(sha512));
  CHECK_FALSE(is_hashing_algorithm("sha512"));
}
