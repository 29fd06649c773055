// The broker as the relay sees it, over the C++ client. The client's own recovery is off: the relay
// holds the rows, and is the one who knows what to send again. The connection works on a thread of
// its own, so that heartbeats go on while the relay waits for the database.
#pragma once

#include <memory>

#include "outbox/ports.hpp"
#include "outbox/settings.hpp"
#include "outbox/stop_signal.hpp"

namespace tern::outbox {

class ClientPublisher : public Publisher {
 public:
  /// Whether they are URLs of brokers. The settings of a publisher have been checked.
  [[nodiscard]] static Result<void> check_urls(const std::vector<std::string>& urls);

  ClientPublisher(const Settings& settings, const StopSignal& stop);
  ~ClientPublisher() override;

  [[nodiscard]] Result<void> connect() override;
  [[nodiscard]] std::vector<ternmq::outcome> publish(
      std::vector<ternmq::message> messages) override;

 private:
  class Link;

  const Settings& settings_;
  const StopSignal& stop_;
  std::shared_ptr<Link> link_;
};

}  // namespace tern::outbox
