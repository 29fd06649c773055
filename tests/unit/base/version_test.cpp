// The version in the code is the version of the build.
#include "base/version.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

TEST_CASE("the version in the code is the one in CMakeLists.txt") {
  std::ifstream file(TERN_SOURCE_DIR "/CMakeLists.txt");
  std::ostringstream text;
  text << file.rdbuf();
  CHECK(text.str().find("project(ternmq VERSION " + std::string(tern::product_version) + " ") !=
        std::string::npos);
}
