#include "broker/password_hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/base64.hpp"
#include "base/ensure.hpp"

namespace tern::broker {
namespace {

constexpr std::size_t salt_bytes = 4;
constexpr std::size_t sha256_bytes = 32;

struct Algorithm {
  std::string_view name;
  const EVP_MD* (*digest)();
  std::size_t bytes;
};
constexpr Algorithm algorithms[] = {
    {default_hashing_algorithm, EVP_sha256, sha256_bytes},
    {"rabbit_password_hashing_sha512", EVP_sha512, 64},
    {"rabbit_password_hashing_md5", EVP_md5, 16},
};

const Algorithm* find_algorithm(std::string_view name) noexcept {
  for (const Algorithm& algorithm : algorithms)
    if (algorithm.name == name) return &algorithm;
  return nullptr;
}

// Empty: OpenSSL is built without the algorithm (MD5, under FIPS rules).
std::string digest_of(Bytes bytes, const Algorithm& algorithm) {
  std::string digest(algorithm.bytes, '\0');
  unsigned int written = 0;
  auto* out = reinterpret_cast<unsigned char*>(digest.data());
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), out, &written, algorithm.digest(), nullptr);
  if (done != 1) return {};
  ensure(written == digest.size(), "a digest is not as long as it should be");
  return digest;
}

std::string salted(Bytes salt, std::string_view password, const Algorithm& algorithm) {
  ensure(salt.size() == salt_bytes, "a password's salt has four bytes");
  std::string input(salt);
  input += password;
  std::string hash(salt);
  hash += digest_of(input, algorithm);
  OPENSSL_cleanse(input.data(), input.size());
  return hash;
}

}  // namespace

std::string sha256(Bytes bytes) {
  std::string digest = digest_of(bytes, algorithms[0]);
  ensure(!digest.empty(), "SHA-256 is not to be had from OpenSSL");
  return digest;
}

std::string hash_password(std::uint32_t salt, std::string_view password) {
  char bytes[salt_bytes];
  store_big_endian(bytes, salt);
  return encode_base64(salted(Bytes(bytes, sizeof bytes), password, algorithms[0]));
}

bool is_hashing_algorithm(std::string_view name) noexcept {
  return find_algorithm(name) != nullptr;
}

bool is_password_hash(std::string_view hash, std::string_view algorithm) {
  const Algorithm* found = find_algorithm(algorithm);
  const auto stored = decode_base64(hash);
  return found != nullptr && stored && stored->size() == salt_bytes + found->bytes;
}

bool is_password(std::string_view password, std::string_view hash, std::string_view algorithm) {
  if (!is_password_hash(hash, algorithm)) return false;
  const std::string stored = *decode_base64(hash);
  const std::string given =
      salted(Bytes(stored).substr(0, salt_bytes), password, *find_algorithm(algorithm));
  return given.size() == stored.size() &&
         CRYPTO_memcmp(given.data(), stored.data(), given.size()) == 0;
}

}  // namespace tern::broker
