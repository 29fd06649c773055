// The file: what is read, and what each mistake is told as.
#include "outbox/settings.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "outbox/statements.hpp"

namespace tern::outbox {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> errors_of(const std::string& text) {
  return read_settings({"o.toml", text}).errors;
}

}  // namespace

TEST_CASE("an empty file is a right one") {
  const auto read = read_settings({"o.toml", ""});
  CHECK(read.errors.empty());
  CHECK(read.settings.table == "ternmq_outbox");
  CHECK(read.settings.broker_urls == std::vector<std::string>{"amqp://localhost"});
}

TEST_CASE("every key is read") {
  const auto read = read_settings({"o.toml", R"(
[database]
url = "postgresql://db/shop"
table = "shop.outbox"
batch = 7
poll = "2s"
sent_rows = "delete"
[broker]
urls = ["amqp://a", "amqp://b"]
confirm_timeout = "500ms"
unroutable = "ignore"
deduplication_header = "x-id"
[retry]
delay_min = "1s"
delay_max = "1m"
)"});
  CHECK(read.errors.empty());
  const Settings& settings = read.settings;
  CHECK(settings.database_url == "postgresql://db/shop");
  CHECK(settings.table == "shop.outbox");
  CHECK(settings.batch == 7);
  CHECK(settings.poll == milliseconds(2000));
  CHECK(settings.deletes_sent);
  CHECK(settings.broker_urls == std::vector<std::string>{"amqp://a", "amqp://b"});
  CHECK(settings.confirm_timeout == milliseconds(500));
  CHECK_FALSE(settings.fails_unroutable);
  CHECK(settings.deduplication_header == "x-id");
  CHECK(settings.delay_min == milliseconds(1000));
  CHECK(settings.delay_max == milliseconds(60'000));
}

TEST_CASE("mistakes are told with file, line, key and what was expected, from top to bottom") {
  CHECK(errors_of("[database]\ntabel = \"x\"\nbatch = \"many\"\n[brokers]\n") ==
        std::vector<std::string>{
            "o.toml:2: unknown key 'database.tabel'; the nearest valid key is 'database.table'",
            "o.toml:3: database.batch = 'many' is wrong; it takes a whole number from 1 to 10000",
            "o.toml:4: unknown section 'brokers'; the sections are [database], [broker], [retry]"});
  CHECK(errors_of("table = \"x\"\n") ==
        std::vector<std::string>{
            "o.toml:1: unknown key 'table'; the sections are [database], [broker], [retry]"});
  CHECK(errors_of("broker = 1\n") ==
        std::vector<std::string>{"o.toml:1: 'broker' is a section, not a key; write [broker] on a "
                                 "line of its own and its keys below"});
  CHECK(errors_of("[retry\n").size() == 1);
}

TEST_CASE("each key refuses what it does not take") {
  for (const char* wrong : {"[database]\nurl = 1",
                            "[database]\ntable = \"a b\"",
                            "[database]\ntable = \"a.b.c\"",
                            "[database]\ntable = \"1a\"",
                            "[database]\nbatch = 0",
                            "[database]\nbatch = 10001",
                            "[database]\nbatch = 1.5",
                            "[database]\npoll = 5",
                            "[database]\npoll = \"0s\"",
                            "[database]\npoll = \"25h\"",
                            "[database]\nsent_rows = \"keep\"",
                            "[database]\nsent_rows = true",
                            "[broker]\nurls = \"amqp://a\"",
                            "[broker]\nurls = []",
                            "[broker]\nurls = [1]",
                            "[broker]\nconfirm_timeout = \"long\"",
                            "[broker]\nunroutable = \"drop\"",
                            "[broker]\ndeduplication_header = \"\"",
                            "[retry]\ndelay_min = -1",
                            "[retry]\ndelay_max = \"1ms\""}) {
    INFO(wrong);
    CHECK(errors_of(wrong).size() == 1);
  }
}

TEST_CASE("texts that may hold a password are not repeated") {
  const auto errors = errors_of("[broker]\nurls = \"amqp://u:secret@h\"\n");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].find("secret") == std::string::npos);
}

TEST_CASE("statements name the table, in its schema and in quotes") {
  const auto plain = make_statements("Outbox", false);
  CHECK(plain.listen == "LISTEN \"Outbox\"");
  CHECK(plain.sent.starts_with("UPDATE \"Outbox\" SET sent_at"));
  const auto deleting = make_statements("shop.outbox", true);
  CHECK(deleting.sent.starts_with("DELETE FROM \"shop\".\"outbox\" "));
  CHECK(deleting.schema.find("CREATE TABLE IF NOT EXISTS \"shop\".\"outbox\"") !=
        std::string::npos);
  CHECK(deleting.schema.find("FUNCTION \"shop\".\"outbox_notify\"()") != std::string::npos);
}

TEST_CASE("the help has every key") {
  const auto help = settings_help();
  for (const char* line :
       {"[database]\nurl = ", "\ntable = ", "\nbatch = 100",
        "\npoll = ", "\nsent_rows = ", "[broker]\nurls = ", "\nconfirm_timeout = ",
        "\nunroutable = ", "\ndeduplication_header = ", "[retry]\ndelay_min = ", "\ndelay_max = "})
    CHECK(help.find(line) != std::string::npos);
}

TEST_CASE("docs/outbox.md has the schema and the keys as they are") {
  std::ifstream file(TERN_SOURCE_DIR "/docs/outbox.md");
  std::ostringstream page;
  page << file.rdbuf();
  CHECK(page.str().find(make_statements("ternmq_outbox", false).schema) != std::string::npos);
  CHECK(page.str().find("```text" + settings_help() + "```") != std::string::npos);
}

}  // namespace tern::outbox
