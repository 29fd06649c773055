// Where the write-ahead log ends: filled with zeros, cut short by a crash, torn by a power cut,
// damaged.
#include <fstream>

#include "storage/wal_check.hpp"
#include "store_fixture.hpp"

using namespace tern;
using namespace tern::storage;
using namespace tern::storage::test;

namespace {

// One log takes everything.
RocksOptions options_with_one_log(const std::string& path) {
  RocksOptions options = small_options(path);
  options.epoch_bytes = 1ULL << 30;
  return options;
}

std::filesystem::path last_log(const std::string& path) {
  std::filesystem::path last;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".log" && entry.path() > last) last = entry.path();
  }
  return last;
}

// Behind the last byte that is not zero.
std::uint64_t records_end(const std::filesystem::path& log) {
  std::ifstream file(log, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  return bytes.find_last_not_of('\0') + 1;
}

void overwrite(const std::filesystem::path& log, std::uint64_t at, const std::string& bytes) {
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

void commit(Run& run, Position position, std::size_t bytes = 500) {
  run.shard.append(1, position, make_message(std::string(bytes, 'w')));
  run.shard.commit();
}

// What is left in `to` if the store is killed after these commits.
void crash_after(std::initializer_list<std::size_t> commits, const std::string& to) {
  const TempDir dir;
  Run run(options_with_one_log(dir.path()));
  Position position = 0;
  for (const std::size_t bytes : commits) commit(run, ++position, bytes);
  copy_all(dir.path(), to);
}

}  // namespace

TEST_CASE("an open log ends with zeros, a closed one with its last record") {
  const TempDir dir;
  const TempDir copy;
  {
    Run run(options_with_one_log(dir.path()));
    for (Position p = 1; p <= 5; ++p) commit(run, p);
    copy_all(dir.path(), copy.path());
  }
  const auto closed = last_log(dir.path());
  CHECK(std::filesystem::file_size(closed) < 64 << 10);
  const auto open = last_log(copy.path());
  const auto size = std::filesystem::file_size(open);
  CHECK(size > 256 << 10);
  const auto end = end_before_zeros(open);
  REQUIRE(end);
  CHECK(*end >= records_end(open));
  CHECK(*end < records_end(open) + 100);  // a record may end with zeros
  {
    Run run(options_with_one_log(copy.path()));
    CHECK(positions(run.shard.read_all(1, 1, 10)) == Positions{1, 2, 3, 4, 5});
    CHECK(std::filesystem::file_size(open) == *end);
  }
  Run again(options_with_one_log(copy.path()));
  CHECK(positions(again.shard.read_all(1, 1, 10)) == Positions{1, 2, 3, 4, 5});
}

TEST_CASE("a log of nothing but zeros is empty") {
  const TempDir dir;
  const std::filesystem::path log = dir.path() + "/000004.log";
  overwrite(log, 0, "");
  std::ofstream(log) << std::string(100'000, '\0');
  CHECK(end_before_zeros(log) == 0);
  std::filesystem::resize_file(log, 0);
  CHECK_FALSE(end_before_zeros(log));
  CHECK_FALSE(end_before_zeros(log.string() + "x"));
}

TEST_CASE("a commit cut short by a crash is lost alone, in whatever place and with what behind") {
  constexpr std::uint64_t block = 32768;
  const TempDir crashed;
  crash_after({500, 500, 500, 100'000}, crashed.path());
  const std::uint64_t end = records_end(last_log(crashed.path()));
  const std::uint64_t size = std::filesystem::file_size(last_log(crashed.path()));
  const bool zeros_behind = GENERATE(false, true);
  // In data, between two pieces of the record, in a header, behind a header; in the first piece.
  const std::uint64_t cut = GENERATE_COPY(end - 1, end - 50, 2 * block + 9'999, 2 * block,
                                          2 * block + 3, 2 * block + 7, block - 10'000);
  CAPTURE(end, cut, zeros_behind);
  const TempDir copy;
  copy_all(crashed.path(), copy.path());
  const auto log = last_log(copy.path());
  std::filesystem::resize_file(log, cut);
  if (zeros_behind) std::filesystem::resize_file(log, size);
  const TempDir again;
  {
    Run run(options_with_one_log(copy.path()));
    REQUIRE(positions(run.shard.read_all(1, 1, 10)) == Positions{1, 2, 3});
    CHECK(std::filesystem::file_size(log) <= cut);  // without zeros, RocksDB tolerates it
    commit(run, 4);
    copy_all(copy.path(), again.path());
  }
  // The log that was cut short is followed by another one now.
  Run run(options_with_one_log(again.path()));
  CHECK(positions(run.shard.read_all(1, 1, 10)) == Positions{1, 2, 3, 4});
}

TEST_CASE("damage with zeros behind it is not cut off") {
  const TempDir dir;
  crash_after({500, 500, 500, 500}, dir.path());
  const auto log = last_log(dir.path());
  const auto end = records_end(log);
  std::uint64_t damaged = 0;
  SECTION("in a record that others follow") {
    damaged = end - 1'000;
    overwrite(log, damaged, "X");
  }
  SECTION("something far behind the records") {
    damaged = end + 70'000;
    overwrite(log, damaged, "late");
  }
  SECTION("something close behind the records") {
    damaged = end + 1'000;
    overwrite(log, damaged, "late");
  }
  CHECK_FALSE(end_before_zeros(log));
  const WalDamage found = check_wals(dir.path());
  CHECK(found.is_power_cut);
  const std::string before = log.filename().string() + ": unreadable from byte ";
  INFO(found.text);
  REQUIRE(found.text.starts_with(before));
  CHECK(std::stoull(found.text.substr(before.size())) <= damaged);
  CHECK(std::stoull(found.text.substr(before.size())) > end - 2'000);
}

TEST_CASE("a torn end of the log is dropped; damage deep inside needs the operator") {
  const TempDir dir;
  const TempDir copy;
  constexpr Position count = 60;
  {
    Run run(options_with_one_log(dir.path()));
    for (Position p = 1; p <= count; ++p) {
      run.shard.append(1, p, make_message(std::string(1 << 20, 'w')));
      run.shard.commit();
    }
    copy_all(dir.path(), copy.path());
  }
  RocksOptions options = options_with_one_log(copy.path());
  const auto log = last_log(copy.path());
  const auto size = records_end(log);
  SECTION("the last pages are garbage, as after a power cut") {
    overwrite(log, size - 65536, std::string(65536, 'Z'));
    Run run(options);
    CHECK(run.recovered.queues[0].next == count);
    CHECK(run.shard.read_all(1, 1, 100, 16 << 20).size() == count - 1);
  }
  SECTION("a byte far from the end") {
    overwrite(log, size / 4, "Z");
    const auto refused = open_rocks_store(options);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text.find("accept_damaged_log") != std::string::npos);
    CHECK(refused.error().text.find(log.filename().string()) != std::string::npos);
    options.accept_damaged_log = true;
    Run run(options);
    const auto messages = run.shard.read_all(1, 1, 100, 16 << 20);
    CHECK(messages.size() > 5);
    CHECK(messages.size() < count / 2);
  }
}
