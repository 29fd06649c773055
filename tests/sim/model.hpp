// Model: what every published message may still do, kept as simply as possible: one entry for each
// copy of a message in a queue, by its body (bodies are unique). It is told everything that clients
// say and see, and throws Fault when the broker has broken a promise:
//
//   confirmed and unsettled => there, after any crash;  nothing invented, nothing in a wrong queue;
//   nothing delivered twice without redelivered;        first deliveries in order of publishing;
//   a transaction is there as a whole or not at all.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace tern::sim {

struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Model {
 public:
  struct Copy {
    std::uint64_t order = 0;      ///< of its publish, over all publishes of its publisher
    std::uint64_t publisher = 0;  ///< who; order holds per publisher
    bool persistent = false;      ///< on a durable queue: survives
    bool is_confirmed = false;    ///< its publisher was told
    bool was_delivered = false;
    bool is_held = false;  ///< with a consumer
    bool is_settled = false;
    std::uint64_t transaction = 0;  ///< 0: published by itself
  };
  /// The queue that may have consumers with auto-ack: what was on its way to one when either end
  /// went is lost, and nobody can know.
  static constexpr const char* lossy_queue = "q5";
  using Key = std::pair<std::string, std::string>;  ///< queue, body

  void declared(const std::string& queue, bool durable);
  void removed(const std::string& queue);
  [[nodiscard]] const std::map<std::string, bool>& queues() const { return queues_; }

  void published(const std::string& queue, const std::string& body, std::uint64_t publisher,
                 bool persistent, std::uint64_t transaction);
  void confirmed(const std::string& body);
  /// `consumer` names who got it: order holds per consumer.
  void delivered(const std::string& queue, const std::string& body, bool redelivered,
                 const std::string& consumer);
  void settled(const std::string& queue, const std::string& body);
  void requeued(const std::string& queue, const std::string& body);
  /// Settled within a transaction: counts when it is known to be durable.
  void settling(const std::string& queue, const std::string& body, std::uint64_t transaction);
  void committed(std::uint64_t transaction);
  void purged(const std::string& queue);

  /// What was not durable is gone, or may be. An inventory must follow.
  void crashed();
  /// Begins a list of all that is there. `is_quiet`: nothing was lost since, so that whatever is
  /// not settled must be found, confirmed or not.
  void begin_inventory(bool is_quiet);
  /// A message that is there, and whether it is marked; in the queue's order.
  void found(const std::string& queue, const std::string& body, bool redelivered);
  /// The inventory has ended: everything that had to be there was.
  void inventoried();

 private:
  void check_transactions() const;
  void check_order(const std::string& seen_by, const Key& key, const Copy& copy);
  [[nodiscard]] Copy& copy(const std::string& queue, const std::string& body, const char* what);

  std::map<std::string, bool> queues_;  ///< name, durable
  std::map<Key, Copy> copies_;
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> last_;  ///< order seen last
  std::map<std::uint64_t, std::vector<Key>> settling_;
  std::set<Key> found_;
  bool is_quiet_ = false;
  std::uint64_t next_order_ = 1;
};

}  // namespace tern::sim
