#include "broker/password_hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/base64.hpp"
#include "base/ensure.hpp"

namespace tern::broker {
namespace {

constexpr std::size_t salt_bytes = 4;
constexpr std::size_t digest_bytes = 32;

std::string salted(Bytes salt, std::string_view password) {
  ensure(salt.size() == salt_bytes, "a password's salt has four bytes");
  std::string input(salt);
  input += password;
  std::string hash(salt);
  hash += sha256(input);
  OPENSSL_cleanse(input.data(), input.size());
  return hash;
}

}  // namespace

std::string sha256(Bytes bytes) {
  std::string digest(digest_bytes, '\0');
  unsigned int written = 0;
  auto* out = reinterpret_cast<unsigned char*>(digest.data());
  const int done = EVP_Digest(bytes.data(), bytes.size(), out, &written, EVP_sha256(), nullptr);
  ensure(done == 1, "SHA-256 is not to be had from OpenSSL");
  ensure(written == digest_bytes, "SHA-256 has 32 bytes");
  return digest;
}

std::string hash_password(std::uint32_t salt, std::string_view password) {
  char bytes[salt_bytes];
  store_big_endian(bytes, salt);
  return encode_base64(salted(Bytes(bytes, sizeof bytes), password));
}

bool is_password(std::string_view password, std::string_view hash) {
  const auto stored = decode_base64(hash);
  if (!stored || stored->size() != salt_bytes + digest_bytes) return false;
  const std::string given = salted(Bytes(*stored).substr(0, salt_bytes), password);
  return CRYPTO_memcmp(given.data(), stored->data(), given.size()) == 0;
}

}  // namespace tern::broker
