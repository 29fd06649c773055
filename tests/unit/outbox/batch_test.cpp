// What becomes of the rows of a batch, for each thing that a broker can say.
#include "outbox/batch.hpp"

#include <catch2/catch.hpp>

#include "fakes.hpp"

namespace tern::outbox {
namespace {

using Ids = std::vector<std::int64_t>;
using ternmq::errc;

Batch make_batch(const std::vector<std::int64_t>& ids) {
  std::vector<Row> rows;
  for (const auto id : ids) rows.push_back(make_row(id));
  return Batch(rows, "dedup");
}

std::vector<std::string> bodies(const std::vector<ternmq::message>& messages) {
  std::vector<std::string> found;
  for (const auto& message : messages) found.push_back(message.body);
  return found;
}

}  // namespace

TEST_CASE("a batch is published in one round, in order of the ids") {
  auto batch = make_batch({3, 5, 8});
  const auto round = batch.next_round();
  CHECK(bodies(round) == std::vector<std::string>{"body 3", "body 5", "body 8"});
  batch.take({confirmed(), confirmed(), confirmed()});
  CHECK(batch.next_round().empty());
  CHECK(batch.settlement().sent == Ids{3, 5, 8});
  CHECK(batch.trouble().empty());
}

TEST_CASE("a row that cannot be a message fails without being published; the others go on") {
  std::vector<Row> rows{make_row(1), make_row(2, std::string(256, 'k')), make_row(3)};
  Batch batch(rows, "dedup");
  CHECK(bodies(batch.next_round()) == std::vector<std::string>{"body 1", "body 3"});
  batch.take({confirmed(), confirmed()});
  CHECK(batch.settlement().sent == Ids{1, 3});
  REQUIRE(batch.settlement().failed.size() == 1);
  CHECK(batch.settlement().failed[0].id == 2);
  CHECK(batch.settlement().failed[0].reason == "routing_key has 256 octets, 255 are allowed");
}

TEST_CASE("a batch of nothing but bad rows has no round") {
  Batch batch({make_row(2, std::string(256, 'k'))}, "dedup");
  CHECK(batch.next_round().empty());
  CHECK(batch.settlement().failed.size() == 1);
}

TEST_CASE("a returned row fails, a refused one waits") {
  auto batch = make_batch({1, 2, 3});
  static_cast<void>(batch.next_round());
  batch.take({{.what = ternmq::outcome::kind::returned,
               .error = make_error_code(errc::returned),
               .reply_text = "NO_ROUTE"},
              {.what = ternmq::outcome::kind::nacked, .error = make_error_code(errc::nacked)},
              confirmed()});
  CHECK(batch.next_round().empty());
  REQUIRE(batch.settlement().failed.size() == 1);
  CHECK(batch.settlement().failed[0].reason == "no queue took it: NO_ROUTE");
  CHECK(batch.settlement().deferred == Ids{2});
  CHECK(batch.settlement().sent == Ids{3});
  CHECK(batch.trouble().empty());
}

TEST_CASE("when the channel is closed over one row, the rest is published one by one") {
  auto batch = make_batch({1, 2, 3});
  static_cast<void>(batch.next_round());
  const auto closed = unknown(errc::not_found, "NOT_FOUND - no exchange 'x'");
  batch.take({confirmed(), closed, closed});
  CHECK(bodies(batch.next_round()) == std::vector<std::string>{"body 2"});
  batch.take({closed});
  CHECK(bodies(batch.next_round()) == std::vector<std::string>{"body 3"});
  batch.take({confirmed()});
  CHECK(batch.next_round().empty());
  CHECK(batch.settlement().sent == Ids{1, 3});
  REQUIRE(batch.settlement().failed.size() == 1);
  CHECK(batch.settlement().failed[0].id == 2);
  CHECK(batch.settlement().failed[0].reason == "NOT_FOUND - no exchange 'x'");
}

TEST_CASE("every code that closes a channel is the row's fault, when the row is alone") {
  for (const auto code : {errc::content_too_large, errc::access_refused, errc::not_found,
                          errc::resource_locked, errc::precondition_failed}) {
    auto batch = make_batch({7});
    static_cast<void>(batch.next_round());
    batch.take({unknown(code, "why")});
    CHECK(batch.settlement().failed.size() == 1);
    CHECK(batch.trouble().empty());
  }
}

TEST_CASE("a lost connection leaves rows as they are and ends the batch") {
  for (const auto code : {errc::outcome_unknown, errc::connection_lost, errc::timed_out,
                          errc::connection_forced, errc::internal_error}) {
    auto batch = make_batch({1, 2, 3});
    static_cast<void>(batch.next_round());
    batch.take({confirmed(), unknown(code, "gone"), unknown(code, "gone")});
    CHECK(batch.next_round().empty());
    CHECK(batch.settlement().sent == Ids{1});
    CHECK(batch.settlement().failed.empty());
    CHECK(batch.trouble() == "gone");
  }
}

TEST_CASE("a connection that is lost while rows are tried one by one ends the batch, too") {
  auto batch = make_batch({1, 2});
  static_cast<void>(batch.next_round());
  batch.take({unknown(errc::not_found), unknown(errc::not_found)});
  CHECK(batch.next_round().size() == 1);
  batch.take({unknown(errc::connection_lost)});
  CHECK(batch.next_round().empty());
  CHECK(batch.settlement().is_empty());
  CHECK(batch.trouble() == make_error_code(errc::connection_lost).message());
}

TEST_CASE("an outcome that never came is no answer, not the row's fault") {
  auto batch = make_batch({1});
  static_cast<void>(batch.next_round());
  batch.take({ternmq::outcome{}});
  CHECK(batch.settlement().is_empty());
  CHECK(batch.trouble() == "the broker did not answer in time");
}

}  // namespace tern::outbox
