// Edit distance and the choice of the nearest name.
#include "config/nearest.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace tern::config {

TEST_CASE("the edit distance counts inserts, deletes, replacements and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("port", "") == 4);
  CHECK(edit_distance("port", "port") == 0);
  CHECK(edit_distance("prt", "port") == 1);
  CHECK(edit_distance("portt", "port") == 1);
  CHECK(edit_distance("post", "port") == 1);
  CHECK(edit_distance("prot", "port") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("case and the choice between - and _ are no distance") {
  CHECK(edit_distance("Frame-Max", "frame_max") == 0);
}

TEST_CASE("the nearest name wins, the first of equally near ones") {
  const std::vector<std::string> names{"shards", "amqp.port", "amqp.frame_max", "log.file"};
  CHECK(nearest("amqp.prot", names) == "amqp.port");
  CHECK(nearest("amqp.framemax", names) == "amqp.frame_max");
  CHECK(nearest("shard", names) == "shards");
  CHECK(nearest("zzzzzzzzzzzzzzzz", std::vector<std::string>{"aa", "bb"}) == "aa");
}

TEST_CASE("a name without its section, or in another, finds its namesake") {
  const std::vector<std::string> names{"shards", "amqp.port", "log.file"};
  CHECK(nearest("port", names) == "amqp.port");
  CHECK(nearest("logging.file", names) == "log.file");
}

TEST_CASE("a very long name is compared by its beginning only") {
  const std::string beginning(256, 'a');
  const std::string whole(300, 'a');
  CHECK(nearest(whole, std::vector<std::string>{whole, beginning}) == beginning);
}

}  // namespace tern::config
