// The whole path of a message in one thread: bytes of a publisher's connection in, bytes to a
// consumer's connection out, acknowledgements back. No sockets, no threads, no clock: the same
// instructions in each run, which callgrind counts (tests/bench/instructions).
//
//   publish_path WORKLOAD COUNT
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>

#include "amqp/connection.hpp"
#include "broker/node.hpp"

using namespace tern;
using namespace tern::amqp;

namespace {

constexpr std::uint16_t channel = 1;
constexpr std::uint32_t frame_max = 131072;

// A node of one shard that keeps everything in memory.
class Broker {
 public:
  Broker() {
    config::Config config;
    config.in_memory = true;
    broker::Node::Ports ports;
    ports.wake = [](ShardId) {};
    ports.failed = [](const std::string&) {};
    ports.now = now;
    node_ = std::move(broker::Node::open(config, 1, std::move(ports)).value());
    turns(2);
  }
  [[nodiscard]] broker::Shard& shard() { return node_->shard(0); }
  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) {
      shard().end_turn();
      shard().begin_turn(now);
    }
  }

  const Time now{Millis{1'000'000}};

 private:
  std::unique_ptr<broker::Node> node_;
};

// One connection with its client's end.
class Peer final : public Transport {
 public:
  explicit Peer(Broker& broker) : broker_(broker) {
    connection_ = std::make_unique<Connection>(broker.shard(), *this, options_,
                                               amqp::Peer{true, "test"}, broker.now);
    feed(protocol_header);
    say(0, ConnectionStartOk{{}, "PLAIN", LongString(Bytes("\0guest\0guest", 12)), "en_US"});
    say(0, ConnectionTuneOk{2047, frame_max, 0});
    say(0, ConnectionOpen{"/"});
    say(channel, ChannelOpen{});
  }
  ~Peer() override { connection_->connection_lost(); }

  template <class Method>
  void say(std::uint16_t on, const Method& method) {
    std::string bytes;
    FrameWriter(bytes, frame_max).method(on, method);
    feed(bytes);
    broker_.turns(3);
    static_cast<void>(drain());
  }
  // As the carrier does: bytes lie in a slab that many messages share.
  void feed(Bytes bytes) {
    if (!lease_ || lease_->free_bytes() < 3 * bytes.size() + 4096)
      lease_ = SlabLease(Slab::create());
    char* at = lease_->free_begin();
    std::memcpy(at, bytes.data(), bytes.size());
    lease_->advance(bytes.size());
    ensure(connection_->feed(lease_, at, bytes.size(), broker_.now) == bytes.size(),
           "all of the input is taken");
  }
  // Takes all output as written; returns how many octets there were.
  std::size_t drain() {
    connection_->before_flush();
    const std::size_t bytes = connection_->output().pending_bytes();
    OutputSlice slices[64];
    while (connection_->output().pending_bytes() != 0) {
      std::size_t size = 0;
      const std::size_t count = connection_->output().gather(slices);
      for (std::size_t index = 0; index < count; ++index) size += slices[index].size;
      connection_->sent(size);
    }
    return bytes;
  }

  void output_pending() override {}
  void input_resumed() override {}
  void close_when_flushed(bool) override { ensure(false, "the broker closes the connection"); }
  void move_wanted(ShardId) override {}
  void abort() override { ensure(false, "the broker aborts the connection"); }

 private:
  Broker& broker_;
  ConnectionOptions options_;
  std::unique_ptr<Connection> connection_;
  SlabLease lease_;
};

struct Workload {
  std::size_t size = 16;
  bool persistent = false;  ///< with confirms and manual acknowledgements
  unsigned queues = 1;      ///< behind a fanout exchange if there are several
  unsigned bindings = 0;    ///< of a topic exchange, besides the one that matches
};

const std::map<std::string, Workload> workloads = {
    {"transient-16", {}},
    {"transient-1k", {.size = 1024}},
    {"persistent-1k", {.size = 1024, .persistent = true}},
    {"fanout-10", {.size = 100, .queues = 10}},
    {"topic-10k", {.size = 100, .bindings = 10000}},
};

// A batch leaves room in a slab for the structures of its messages, as the carrier does.
constexpr unsigned batch = 25;

class Run {
 public:
  explicit Run(const Workload& workload) : workload_(workload) {
    for (unsigned queue = 0; queue < workload.queues; ++queue) declare("q" + std::to_string(queue));
    for (unsigned binding = 0; binding < workload.bindings; ++binding)
      bind("q0", "amq.topic", "orders.*.n" + std::to_string(binding));
    if (workload.bindings != 0) bind("q0", "amq.topic", "orders.eu.#");
    if (workload.persistent) publisher_.say(channel, ConfirmSelect{});
    const Bytes properties = workload.persistent ? Bytes("\x10\0\2", 3) : no_properties;
    for (unsigned message = 0; message < batch; ++message)
      FrameWriter(publishes_, frame_max)
          .content(channel, target(), properties, std::string(workload.size, 'x'));
  }

  // What is counted, `rounds` times a batch.
  [[gnu::noipa]] void measured(std::uint64_t rounds) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      publisher_.feed(publishes_);
      broker_.turns(2);
      delivered_bytes_ += consumer_.drain();
      if (workload_.persistent) acknowledge();
      broker_.turns(1);
      static_cast<void>(publisher_.drain());
    }
  }
  [[nodiscard]] std::size_t delivered_bytes() const { return delivered_bytes_; }

 private:
  [[nodiscard]] BasicPublish target() const {
    if (workload_.queues > 1) return {0, "amq.fanout", ""};
    if (workload_.bindings != 0) return {0, "amq.topic", "orders.eu.new"};
    return {0, "", "q0"};
  }
  void declare(const std::string& name) {
    QueueDeclare declare;
    declare.queue = name;
    declare.durable = workload_.persistent;
    publisher_.say(channel, declare);
    if (workload_.queues > 1) bind(name, "amq.fanout", "");
    BasicConsume consume;
    consume.queue = name;
    consume.no_ack = !workload_.persistent;
    consumer_.say(channel, consume);
  }
  void bind(const std::string& queue, std::string_view exchange, const std::string& key) {
    publisher_.say(channel, QueueBind{0, queue, exchange, key});
  }
  void acknowledge() {
    tag_ += batch;
    acknowledgement_.clear();
    FrameWriter(acknowledgement_, frame_max).method(channel, BasicAck{tag_, true});
    consumer_.feed(acknowledgement_);
  }

  const Workload workload_;
  Broker broker_;
  Peer publisher_{broker_};
  Peer consumer_{broker_};
  std::string publishes_;
  std::string acknowledgement_;
  std::uint64_t tag_ = 0;
  std::size_t delivered_bytes_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  const auto found = count == 3 ? workloads.find(arguments[1]) : workloads.end();
  if (found == workloads.end()) {
    std::fputs("usage: publish_path WORKLOAD COUNT\n", stderr);
    for (const auto& [name, workload] : workloads) std::fprintf(stderr, "  %s\n", name.c_str());
    return 2;
  }
  Run run(found->second);
  const std::uint64_t messages = std::strtoull(arguments[2], nullptr, 10);
  run.measured(messages / batch);
  // Every message must have come: a path that is not taken costs nothing.
  const std::size_t least = messages * found->second.size * found->second.queues;
  std::printf("%zu octets delivered\n", run.delivered_bytes());
  return run.delivered_bytes() > least ? 0 : 1;
}
