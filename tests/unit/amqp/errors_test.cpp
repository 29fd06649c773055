// Reply codes and the texts made from them.
#include "amqp/errors.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace tern::amqp;

TEST_CASE("a reply text begins with the name of its code") {
  const ChannelError error(ReplyCode::not_found, "no queue 'x' in vhost '/'", {50, 10});
  CHECK(error.text() == "NOT_FOUND - no queue 'x' in vhost '/'");
  CHECK(static_cast<int>(error.code) == 404);
  CHECK(error.method == MethodId{50, 10});
  CHECK(ConnectionError(ReplyCode::not_allowed, "x").text() == "NOT_ALLOWED - x");
}

TEST_CASE("a reply text fits into a short string, cut as RabbitMQ cuts it") {
  const std::string prefix = "NOT_FOUND - ";
  const std::string longest(255 - prefix.size(), 'x');
  CHECK(reply_text(ReplyCode::not_found, longest) == prefix + longest);
  const std::string cut = reply_text(ReplyCode::not_found, longest + 'y');
  CHECK(cut == (prefix + longest).substr(0, 252) + "...");
}

TEST_CASE("codes end the channel or the connection as the specification says") {
  const std::set<ReplyCode> soft = {ReplyCode::content_too_large,  ReplyCode::no_route,
                                    ReplyCode::no_consumers,       ReplyCode::access_refused,
                                    ReplyCode::not_found,          ReplyCode::resource_locked,
                                    ReplyCode::precondition_failed};
  std::set<int> numbers;
  for (const auto& info : reply_codes) {
    INFO(info.name);
    numbers.insert(static_cast<int>(info.code));
    if (info.code == ReplyCode::reply_success) continue;
    CHECK(info.scope == (soft.contains(info.code) ? ErrorScope::channel : ErrorScope::connection));
  }
  CHECK(numbers == std::set<int>{200, 311, 312, 313, 320, 402, 403, 404, 405, 406, 501, 502, 503,
                                 504, 505, 506, 530, 540, 541});
}
