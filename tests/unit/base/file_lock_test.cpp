// The lock of a data directory: one holder, an error that helps, and nothing left behind.
#include "base/file_lock.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace tern {

namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ternmq-lock-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path;
};

}  // namespace

TEST_CASE("the second lock on a directory is refused and names the directory and the holder") {
  const TemporaryDirectory directory;
  const auto first = FileLock::acquire(directory.path);
  REQUIRE(first.has_value());
  const auto second = FileLock::acquire(directory.path);
  REQUIRE(second.has_error());
  CHECK(second.error().text == "the data directory '" + directory.path +
                                   "' is in use by another broker (process " +
                                   std::to_string(::getpid()) +
                                   "); stop that one, or give this one its own with --data-dir");
}

TEST_CASE("the error leaves the holder out when the file does not say it") {
  const TemporaryDirectory directory;
  const auto first = FileLock::acquire(directory.path);
  REQUIRE(first.has_value());
  std::ofstream(directory.path + "/" + FileLock::file_name) << "garbage";
  CHECK(FileLock::acquire(directory.path).error().text.find("in use by another broker; stop") !=
        std::string::npos);
}

TEST_CASE("a lock ends with its object, and a moved one with the object it moved to") {
  const TemporaryDirectory directory;
  {
    auto lock = FileLock::acquire(directory.path);
    REQUIRE(lock.has_value());
    std::optional<FileLock> moved(std::move(*lock));
    lock = Error{"gone"};
    CHECK(FileLock::acquire(directory.path).has_error());
    moved.reset();
  }
  CHECK(FileLock::acquire(directory.path).has_value());
}

TEST_CASE("a stale file of a longer process id is overwritten whole") {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/" + FileLock::file_name;
  std::ofstream(path) << "99999999999999\n";
  const auto lock = FileLock::acquire(directory.path);
  REQUIRE(lock.has_value());
  std::string text;
  std::getline(std::ifstream(path), text, '\0');
  CHECK(text == std::to_string(::getpid()) + "\n");
}

TEST_CASE("a directory that cannot be locked is an error that says why") {
  const auto lock = FileLock::acquire("/nowhere/data");
  REQUIRE(lock.has_error());
  CHECK(lock.error().text ==
        "cannot lock the data directory '/nowhere/data': /nowhere/data/ternmq.lock: No such file "
        "or directory; allow this user to write there, or choose another directory with "
        "--data-dir");
}

}  // namespace tern
