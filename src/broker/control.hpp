// Control: what `ternmq ctl` asks of a running broker, as text: one line of JSON in, one out. The
// control socket (net/control_server.hpp) carries the lines. Nothing here waits or runs on a shard:
// changes go to Management and the reply comes when they are done.
//
//   {"command": "policy.set", "vhost": "/", …}   ->   {"ok": true, …} or {"error": "…"}
//
// Replies have "text" (a document), "columns" and "rows" (a table) or "warnings".
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/management.hpp"
#include "broker/operations.hpp"

namespace tern::broker {

class Control {
 public:
  /// Called once for each request, on any thread.
  using Reply = std::function<void(std::string line)>;
  /// What `status` says besides counts: name and value.
  using Facts = std::vector<std::pair<std::string, std::string>>;

  Control(Management& management, Operations& operations, Facts facts);

  /// Any thread. What is no request is replied to with an error, like everything that is wrong.
  void handle(std::string_view request, Reply reply);

 private:
  Management& management_;
  Operations& operations_;
  Facts facts_;
};

}  // namespace tern::broker
