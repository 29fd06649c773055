// Changing: marks that a queue is being changed, for as long as it lives. While it does, nobody may
// call a queue; what would is sent as mail to the own shard instead (queue/sink.hpp).
#pragma once

#include "base/ensure.hpp"
#include "broker/shard.hpp"

namespace tern::broker {

class Shard::Changing {
 public:
  explicit Changing(bool& flag) : flag_(flag) {
    ensure(!flag_, "a queue is called while one is being changed");
    flag_ = true;
  }
  ~Changing() { flag_ = false; }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  bool& flag_;
};

}  // namespace tern::broker
