// The texts that clients match on, word for word as RabbitMQ sends them.
#include "broker/texts.hpp"

#include <catch2/catch.hpp>

using namespace tern::broker;

namespace {

void check(const BrokerError& error, ErrorKind kind, const std::string& text) {
  CHECK(error.kind == kind);
  CHECK(error.text == text);
}

}  // namespace

TEST_CASE("texts of things that are not there") {
  check(texts::no_queue("q", "/"), ErrorKind::not_found, "no queue 'q' in vhost '/'");
  check(texts::no_exchange("x", "/"), ErrorKind::not_found, "no exchange 'x' in vhost '/'");
  check(texts::vhost_not_found("/nope"), ErrorKind::not_allowed, "vhost /nope not found");
  check(texts::unknown_exchange_type("nope"), ErrorKind::command_invalid,
        "unknown exchange type 'nope'");
  check(texts::unknown_exchange_type(""), ErrorKind::command_invalid, "invalid exchange type ''");
}

TEST_CASE("texts of failed preconditions") {
  check(texts::queue_not_empty("q", "/"), ErrorKind::precondition_failed,
        "queue 'q' in vhost '/' not empty");
  check(texts::queue_in_use("q", "/"), ErrorKind::precondition_failed,
        "queue 'q' in vhost '/' in use");
  check(texts::exchange_in_use("x", "/"), ErrorKind::precondition_failed,
        "exchange 'x' in vhost '/' in use");
}

TEST_CASE("texts of reserved and exclusive things") {
  check(texts::reserved_queue_name("amq.q"), ErrorKind::access_refused,
        "queue name 'amq.q' contains reserved prefix 'amq.*'");
  check(texts::reserved_exchange_name("amq.x"), ErrorKind::access_refused,
        "exchange name 'amq.x' contains reserved prefix 'amq.*'");
  check(texts::default_exchange_not_permitted(), ErrorKind::access_refused,
        "operation not permitted on the default exchange");
  check(texts::system_exchange_deletion("amq.direct", "/"), ErrorKind::access_refused,
        "deletion of system exchange 'amq.direct' in vhost '/' not allowed");
  check(texts::exclusive_use("q", "/"), ErrorKind::access_refused,
        "queue 'q' in vhost '/' in exclusive use");
  check(texts::internal_exchange("x", "/"), ErrorKind::access_refused,
        "cannot publish to internal exchange 'x' in vhost '/'");
  check(texts::locked_queue("q", "/"), ErrorKind::resource_locked,
        "cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally "
        "declared on another connection or the exclusive property value does not match that of "
        "the original declaration.");
}

TEST_CASE("texts of missing permissions") {
  check(texts::permission_refused(Permission::configure, ResourceKind::queue, "q", "/", "u"),
        ErrorKind::access_refused,
        "configure access to queue 'q' in vhost '/' refused for user 'u'");
  check(texts::permission_refused(Permission::read, ResourceKind::exchange, "x", "v", "u"),
        ErrorKind::access_refused, "read access to exchange 'x' in vhost 'v' refused for user 'u'");
  check(texts::permission_refused(Permission::write, ResourceKind::exchange, "", "/", "u"),
        ErrorKind::access_refused,
        "write access to exchange 'amq.default' in vhost '/' refused for user 'u'");
  check(texts::topic_refused(Permission::write, "a.b", "x", "/", "u"), ErrorKind::access_refused,
        "write access to topic 'a.b' in exchange 'x' in vhost '/' refused for user 'u'");
  check(texts::vhost_refused("/", "u"), ErrorKind::not_allowed,
        "access to vhost '/' refused for user 'u'");
}
