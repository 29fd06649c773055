#define PCRE2_CODE_UNIT_WIDTH 8
#include "broker/pattern.hpp"

#include <pcre2.h>

#include <utility>

#include "base/ensure.hpp"

namespace tern::broker {
namespace {

// Steps of backtracking of one match: some milliseconds at the worst. Names have at most 255
// octets, so no sensible pattern comes near.
constexpr std::uint32_t match_steps_max = 100'000;
constexpr std::uint32_t match_heap_kilobytes_max = 1024;
constexpr std::size_t pattern_bytes_max = 4096;
constexpr std::uint32_t parentheses_nested_max = 100;

struct FreeMatch {
  void operator()(pcre2_match_data* data) const noexcept { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const noexcept {
    pcre2_match_context_free(context);
  }
  void operator()(pcre2_compile_context* context) const noexcept {
    pcre2_compile_context_free(context);
  }
};

// What a thread needs to match: the library writes into both.
struct MatchSpace {
  MatchSpace() {
    ensure(data != nullptr && context != nullptr, "no memory to match patterns with");
    pcre2_set_match_limit(context.get(), match_steps_max);
    pcre2_set_depth_limit(context.get(), match_steps_max);
    pcre2_set_heap_limit(context.get(), match_heap_kilobytes_max);
  }
  std::unique_ptr<pcre2_match_data, FreeMatch> data{pcre2_match_data_create(1, nullptr)};
  std::unique_ptr<pcre2_match_context, FreeMatch> context{pcre2_match_context_create(nullptr)};
};

Error refusal(const std::string& text, int code, std::size_t offset) {
  unsigned char message[256];
  std::string reason = "unknown error";
  if (pcre2_get_error_message(code, message, sizeof message) > 0)
    reason = reinterpret_cast<const char*>(message);
  return Error{"pattern '" + text + "' should be a regular expression but is invalid: " + reason +
               " at offset " + std::to_string(offset)};
}

}  // namespace

struct Pattern::Code {
  explicit Code(pcre2_code* of) : code(of) {}
  ~Code() { pcre2_code_free(code); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  pcre2_code* code;
};

Pattern::Pattern(std::string text, std::unique_ptr<Code> code, bool matches_all)
    : text_(std::move(text)), code_(std::move(code)), matches_all_(matches_all) {}

Pattern::~Pattern() = default;

Result<PatternPointer> Pattern::compile(const std::string& text) {
  if (text.size() > pattern_bytes_max) {
    return Error{"a pattern of " + std::to_string(text.size()) + " octets is too long: at most " +
                 std::to_string(pattern_bytes_max) + " are taken"};
  }
  const std::unique_ptr<pcre2_compile_context, FreeMatch> context(
      pcre2_compile_context_create(nullptr));
  ensure(context != nullptr, "no memory to compile a pattern with");
  pcre2_set_parens_nest_limit(context.get(), parentheses_nested_max);
  int error = 0;
  std::size_t offset = 0;
  // \C would let a pattern look into the middle of what it was given as one character.
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF, &error, &offset, context.get());
  if (code == nullptr) return refusal(text, error, offset);
  auto owned = std::make_unique<Code>(code);
  // Where the system forbids it, matching goes on without: slower, not otherwise.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  const bool matches_all = text == ".*" || text == "^.*$" || text == ".*$" || text == "^.*";
  return PatternPointer(new Pattern(text, std::move(owned), matches_all));
}

bool Pattern::matches(std::string_view name) const {
  if (matches_all_ && name.find('\n') == std::string_view::npos) return true;
  static thread_local const MatchSpace space;
  // Negative: no match, or a bound was reached. 0: more groups than are kept, of which there is
  // one.
  return pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0,
                     space.data.get(), space.context.get()) >= 0;
}

std::string quote_for_pattern(std::string_view text) {
  std::string quoted;
  for (const char octet : text) {
    const bool is_plain = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                          (octet >= '0' && octet <= '9') || static_cast<signed char>(octet) < 0;
    if (is_plain) {
      quoted += octet;
      continue;
    }
    // \x{..} and not a backslash alone: that is taken for every octet there is.
    const auto value = static_cast<unsigned char>(octet);
    quoted += "\\x{";
    quoted += "0123456789abcdef"[value >> 4];
    quoted += "0123456789abcdef"[value & 15];
    quoted += '}';
  }
  return quoted;
}

}  // namespace tern::broker
