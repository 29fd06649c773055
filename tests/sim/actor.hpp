// Actor: a client in the simulation and what it waits for, so that each thing that it is told can
// be handed to the model once.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/test_client.hpp"

namespace tern::sim {

struct Actor {
  test::TestClient* client = nullptr;
  std::uint64_t number = 0;  ///< never reused: publishers and consumers in the model
  std::size_t seen_received = 0;
  std::size_t seen_settled = 0;
  std::map<ConsumerNumber, std::string> queue_of;
  std::map<std::uint64_t, std::pair<std::string, std::size_t>> unconfirmed;  ///< body, how often
  std::map<broker::OperationNumber, std::string> gets;
  std::map<broker::OperationNumber, std::uint64_t> transactions;
  std::map<broker::OperationNumber, ConsumerNumber> cancels;
  std::vector<std::pair<std::string, test::TestClient::Received>> held;
};

}  // namespace tern::sim
