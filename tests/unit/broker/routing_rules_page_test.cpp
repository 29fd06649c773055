// docs/routing-rules.md: each JSON block in it is a file that loads and has nothing wrong with it.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "broker/lint.hpp"

namespace tern::broker {

TEST_CASE("routing rules: every example loads, and nothing is wrong with it") {
  std::ifstream page(TERN_SOURCE_DIR "/docs/routing-rules.md");
  REQUIRE(page.is_open());
  std::ostringstream text;
  text << page.rdbuf();
  std::string_view rest = text.view();
  constexpr std::string_view opening = "```json\n";
  std::size_t examples = 0;
  for (auto begin = rest.find(opening); begin != rest.npos; begin = rest.find(opening)) {
    rest.remove_prefix(begin + opening.size());
    const std::string_view block = rest.substr(0, rest.find("```"));
    INFO(block);
    ++examples;
    std::vector<std::string> warnings;
    const auto definitions = parse_definitions(block, "page", {}, &warnings);
    REQUIRE((definitions ? std::string() : definitions.error().text) == "");
    CHECK(warnings.empty());
    for (const LintFinding& finding : lint_definitions(*definitions)) {
      INFO(finding.where << ": " << finding.text);
      CHECK(finding.level == LintLevel::note);
    }
  }
  CHECK(examples >= 14);
}

}  // namespace tern::broker
