// Connection: one AMQP 0-9-1 connection as a machine without a socket. The carrier (src/net) feeds
// it what was read and writes what output() holds; the broker calls it back as a Session. One
// shard's thread; never blocks, never reads a clock.
//
//   header --> handshake --> running --> closing --> closed
//                  |            `--------------------^ (the client closes)
//                  `--> refused (a pause) -----------^
//
// Errors thrown by handlers are caught here, and only here, and become close frames.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "amqp/channel.hpp"
#include "amqp/handshake.hpp"
#include "amqp/session_context.hpp"

namespace tern::amqp {

class Connection final : public broker::Session {
 public:
  /// Attaches to the broker. All references must outlive the connection.
  Connection(broker::Broker& broker, Transport& transport, const ConnectionOptions& options,
             const Peer& peer, Time now);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // --- for the carrier --------------------------------------------------------------------------
  /// Takes whole frames from [begin, begin + size), which lies in the leased slab (an empty lease:
  /// anywhere; then every message is copied). Returns the bytes used. What is left is an
  /// incomplete frame, or waits for Transport::input_resumed(); feed it again with what follows,
  /// at any address. `now` is the time of the read.
  std::size_t feed(SlabLease& lease, const char* begin, std::size_t size, Time now);
  /// Whether reading the socket makes sense. When that becomes true, input_resumed() is called.
  [[nodiscard]] bool wants_input() const noexcept;
  /// Octets that must be there before feed() can use any; 0 if unknown.
  [[nodiscard]] std::size_t bytes_wanted() const noexcept { return bytes_wanted_; }
  /// Heartbeats and time-outs; about every 250 ms.
  void tick(Time now);
  /// Once before each write, after Transport::output_pending(): adds what was put off for merging.
  void before_flush();
  [[nodiscard]] const Output& output() const noexcept { return context_.output; }
  /// The first `bytes` of output() have been written.
  void sent(std::size_t bytes);
  /// After Transport::move_wanted(): leaves the broker of this shard; nothing but arrive() or
  /// connection_lost() may follow. False: it stays, because something has come up meanwhile.
  [[nodiscard]] bool leave();
  /// Goes on at the broker of another shard, on that shard's thread.
  void arrive(broker::Broker& broker, Time now);
  /// The carrier cannot move it now.
  void stay();

  /// The socket has gone: gives everything back and leaves the broker. Idempotent; the destructor
  /// does it, too.
  void connection_lost();

  // --- for the broker (session.hpp) -------------------------------------------------------------
  void expect_delivery() const noexcept override;
  void deliver(const ConsumerId& consumer, queue::Delivery&& delivery) override;
  void publish_settled(ChannelInstance channel, std::uint64_t sequence,
                       queue::PublishOutcome outcome) override;
  void completed(broker::OperationResult&& result) override;
  [[nodiscard]] bool expects_reply(const broker::ReplyAddress& address) const override;
  void consumer_cancelled(ConsumerNumber consumer) override;
  void consumer_timed_out(ConsumerNumber consumer, Millis timeout) override;
  void permits_wanted(ConsumerNumber consumer, std::uint32_t count) override;
  void permits_returned(ConsumerNumber consumer, std::uint32_t count) override;
  void hold_publishing(bool held) override;
  void shut_down(const std::string& reason) override;

  [[nodiscard]] bool is_open() const noexcept { return phase_ == Phase::running; }
  [[nodiscard]] std::size_t channel_count() const noexcept { return slots_.size(); }

 private:
  enum class Phase : std::uint8_t {
    header,  ///< the protocol header is due
    handshake,
    running,
    closing,  ///< connection.close was sent, close-ok is due
    deaf,     ///< the same after a fault in the framing: frames cannot be told apart any more
    refused,  ///< waits before it hangs up
    closed,   ///< nothing more in or out
  };
  /// A channel number in use. Without a channel: channel.close was sent, close-ok is due.
  struct Slot {
    std::unique_ptr<Channel> channel;
    bool client_closed = false;  ///< the client sent channel.close at the same time
  };

  std::size_t take_protocol_header(const char* begin, std::size_t size);
  void take_frames(SlabLease& lease, Bytes input, std::size_t& used);
  [[nodiscard]] bool has_to_wait(Bytes input) const;
  void take_frame(const FrameCut& cut, SlabLease& lease);
  void take_connection_method(Bytes payload);
  void take_channel_frame(const FrameCut& cut, SlabLease& lease);
  void take_while_closing(const FrameCut& cut);
  void take_deaf(Bytes input);
  void report_fault(const MethodFault& fault, Bytes payload);

  template <class Method>
  void dispatch_connection(const Method& method);
  template <class Method>
  void dispatch_channel(std::uint16_t number, const Method& method);
  void follow(Handshake::Verdict verdict);
  void close_by_client();

  void open_channel(std::uint16_t number, const Slot* slot);
  void close_channel_by_client(std::uint16_t number, Slot& slot);
  void close_channel(std::uint16_t number, const ProtocolError& error);
  void close_connection(const ProtocolError& error);
  void hang_up(bool peer_first = false);
  void release_channel(Slot& slot);
  void release_channels();
  void detach();
  void conclude(const Operation& operation, broker::OperationResult&& result);
  void finish_orphan(const Operation& operation, broker::OperationResult&& result);

  /// Runs a handler; the one place where its faults become close frames.
  template <class Work>
  void guarded(std::uint16_t channel, Work&& work) {
    try {
      work();
    } catch (const ChannelError& error) {
      close_channel(channel, error);
    } catch (const ConnectionError& error) {
      close_connection(error);
    }
  }
  [[nodiscard]] Slot* find_slot(std::uint16_t number) noexcept;
  [[nodiscard]] Channel* find_channel(ChannelInstance instance) noexcept;
  void note_content(Channel& channel) noexcept;
  void resume_after(bool wanted_before);
  void write_due_confirms();
  [[nodiscard]] bool is_tied() const;
  [[nodiscard]] bool has_unconfirmed() const noexcept;
  void check_wish();
  void tick_heartbeat(Time now);

  SessionContext context_;
  Phase phase_ = Phase::header;
  bool held_ = false;
  bool attached_ = false;
  bool move_noted_ = false;    // the carrier has been told
  broker::Standing standing_;  // between leave() and arrive()
  std::uint16_t channel_max_ = 0;
  std::uint16_t heartbeat_seconds_ = 0;
  ChannelInstance last_instance_ = 0;
  std::size_t bytes_wanted_ = 0;
  std::unique_ptr<Handshake> handshake_;
  std::vector<ConsumerNumber> cancelled_;  // told while an operation was under way
  std::unordered_map<std::uint16_t, Slot> slots_;
  std::unordered_map<ChannelInstance, Channel*> channels_;
  std::uint16_t cached_number_ = 0;
  Slot* cached_slot_ = nullptr;
  Channel* cached_channel_ = nullptr;
  Channel* content_channel_ = nullptr;  // the one whose content may refer to the input
  Time now_;
  Time phase_since_;
  Time last_input_;
  Time last_output_;
  std::uint64_t output_seen_ = 0;  // appended bytes at last_output_
  const Peer peer_;
};

}  // namespace tern::amqp
