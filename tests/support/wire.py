"""A raw AMQP 0-9-1 client for tests: sends any bytes, and says exactly what came back.

Every read has a deadline and nothing sleeps. A mismatch raises Failure with what was wanted and
what came. One thread uses a Connection at a time.
"""

import collections
import socket
import struct
import time
from typing import NamedTuple

from support import codec
from support.broker import patience

HEADER = b"AMQP\0\0\x09\x01"
ALL_CAPABILITIES = {
    "publisher_confirms": True, "exchange_exchange_bindings": True, "basic.nack": True,
    "consumer_cancel_notify": True, "connection.blocked": True,
    "authentication_failure_close": True,
}


class Failure(AssertionError):
    """The broker did something else than the rule says."""


class Closed(Failure):
    """The broker closed the socket where a frame was wanted."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(got, wanted, what):
    check(got == wanted, f"{what}: wanted {wanted!r}, got {got!r}")


class Frame(NamedTuple):
    kind: int
    channel: int
    payload: bytes

    def describe(self):
        try:
            if self.kind == codec.FRAME_METHOD:
                return f"channel {self.channel}: {codec.decode_method(self.payload)}"
        except (struct.error, KeyError):
            pass
        return f"channel {self.channel}: frame type {self.kind}, {self.payload[:80]!r}"


class Message(NamedTuple):
    """A message that came with deliver, get-ok or return: `method` has the arguments."""

    method: codec.Decoded
    properties: dict
    body: bytes

    @property
    def tag(self):
        return self.method.delivery_tag

    @property
    def headers(self):
        return codec.plain(self.properties.get("headers", {}))


class Connection:
    """A socket, and the connection on it if `handshake` did not ask to stop earlier.

    handshake: "" (socket only), "header" (until connection.start came), "start-ok" (that was
    sent), or "open". frame_max and channel_max 0 take what the server proposes.
    """

    def __init__(self, server, *, handshake="open", user="guest", password="guest", vhost="/",
                 capabilities=None, frame_max=0, channel_max=0, heartbeat=0, mechanism="PLAIN",
                 response=None, receive_buffer=0):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience(5))
        self.socket.connect((server.host, server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._at = 0
        self._waiting = collections.defaultdict(collections.deque)
        self._next_channel = 1
        self.frame_max = frame_max or 131072
        if not handshake:
            return
        self.send_bytes(HEADER)
        self.start = self.expect("connection.start")
        if handshake == "header":
            return
        if capabilities is None:
            capabilities = ALL_CAPABILITIES
        if response is None:
            response = f"\0{user}\0{password}"
        self.send("connection.start-ok", mechanism=mechanism, response=response, locale="en_US",
                  client_properties={"product": "wire test", "capabilities": capabilities})
        if handshake == "start-ok":
            return
        self.tune = self.expect("connection.tune")
        self.send("connection.tune-ok", channel_max=channel_max or self.tune.channel_max,
                  frame_max=self.frame_max, heartbeat=heartbeat)
        self.send("connection.open", virtual_host=vhost)
        if handshake == "open":
            self.expect("connection.open-ok")

    # Sending.

    def send_bytes(self, raw):
        self.socket.sendall(raw)

    def send_frame(self, kind, channel, payload):
        self.send_bytes(codec.frame(kind, channel, payload))

    def send(self, name, channel_number=0, **arguments):
        self.send_frame(codec.FRAME_METHOD, channel_number, codec.method_payload(name, arguments))

    # Receiving.

    def _fill(self, count, deadline):
        while len(self._received) - self._at < count:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                more = self.socket.recv(1 << 18)
            except socket.timeout:
                raise Failure("nothing came in time") from None
            except ConnectionError:
                more = b""
            if not more:
                raise Closed(f"socket closed after {bytes(self._received[self._at:])!r}")
            if self._at > 1 << 20:
                del self._received[:self._at]
                self._at = 0
            self._received += more

    def take_bytes(self, count, within=5):
        """The next `count` raw bytes."""
        self._fill(count, time.monotonic() + patience(within))
        raw = bytes(self._received[self._at:self._at + count])
        self._at += count
        return raw

    def next_frame(self, within=5):
        """The next frame of any channel, heartbeats too, in the order of the wire."""
        deadline = time.monotonic() + patience(within)
        self._fill(7, deadline)
        kind, channel, size = struct.unpack_from(">BHI", self._received, self._at)
        self._fill(8 + size, deadline)
        start = self._at + 7
        payload = bytes(self._received[start:start + size])
        equal(self._received[start + size], codec.FRAME_END, "frame end octet")
        self._at = start + size + 1
        return Frame(kind, channel, payload)

    def frame_on(self, channel_number, within=5):
        """The next frame of one channel; others are kept for later, heartbeats dropped."""
        deadline = time.monotonic() + within
        while not self._waiting[channel_number]:
            frame = self.next_frame(max(0.001, deadline - time.monotonic()))
            if frame.kind != codec.FRAME_HEARTBEAT:
                self._waiting[frame.channel].append(frame)
        return self._waiting[channel_number].popleft()

    def expect(self, name, channel_number=0, within=5, **wanted):
        """The next frame of the channel must be this method, with these arguments."""
        frame = self.frame_on(channel_number, within)
        if frame.kind != codec.FRAME_METHOD:
            raise Failure(f"wanted {name}, got {frame.describe()}")
        method = codec.decode_method(frame.payload)
        if method.name != name:
            raise Failure(f"wanted {name}, got {method}")
        for key, value in wanted.items():
            equal(getattr(method, key), value, f"{name} {key}")
        return method

    def expect_end(self, within=5, allowed=b""):
        """The socket must be closed by the broker after exactly the bytes `allowed`."""
        deadline = time.monotonic() + patience(within)
        waiting = [frame.describe() for frames in self._waiting.values() for frame in frames]
        equal(waiting, [], "frames before the end")
        try:
            self._fill(1 << 30, deadline)
        except Closed:
            equal(bytes(self._received[self._at:]), allowed, "bytes before the end")

    def expect_close(self, code, text, class_id=0, method_id=0, within=5):
        """connection.close with exactly this; answers it and waits for the end of the socket."""
        self.expect("connection.close", within=within, reply_code=code, reply_text=text,
                    class_id=class_id, method_id=method_id)
        self.send("connection.close-ok")
        self.expect_end()

    def expect_open(self):
        """The connection must still answer: opens and closes a channel."""
        self.channel().close()

    # Life.

    def channel(self, number=None):
        """Opens a channel."""
        if number is None:
            number, self._next_channel = self._next_channel, self._next_channel + 1
        channel = Channel(self, number)
        channel.call("channel.open")
        return channel

    def close(self):
        """The orderly end."""
        self.send("connection.close", reply_code=200, reply_text="done")
        self.expect("connection.close-ok")
        self.abort()

    def abort(self):
        """Closes the socket without a word."""
        self.socket.close()


class Channel:
    """One channel number of a connection. Arguments of methods are given by name."""

    def __init__(self, connection, number):
        self.connection, self.number = connection, number

    def send(self, name, **arguments):
        self.connection.send(name, self.number, **arguments)

    def expect(self, name, within=5, **wanted):
        return self.connection.expect(name, self.number, within, **wanted)

    def call(self, name, *, within=5, **arguments):
        """Sends and expects the -ok as the very next frame of the channel."""
        self.send(name, **arguments)
        return self.expect(name + "-ok", within)

    def expect_error(self, code, text, class_id, method_id):
        """channel.close with exactly this; answers it, after which the number is free."""
        self.expect("channel.close", reply_code=code, reply_text=text, class_id=class_id,
                    method_id=method_id)
        self.send("channel.close-ok")

    def expect_quiet(self):
        """Nothing may have come before the answer to a harmless question."""
        self.call("exchange.declare", exchange="amq.direct", type="direct", passive=True)

    def reopen(self):
        self.call("channel.open")
        return self

    def close(self):
        self.send("channel.close", reply_code=200, reply_text="done")
        self.expect("channel.close-ok")

    # Messages.

    def publish_bytes(self, exchange, routing_key, body=b"", mandatory=False, **properties):
        """The frames of one message, as one byte string."""
        raw = body.encode() if isinstance(body, str) else body
        piece = self.connection.frame_max - 8
        method = codec.method_payload("basic.publish", {
            "exchange": exchange, "routing_key": routing_key, "mandatory": mandatory})
        frames = [codec.frame(codec.FRAME_METHOD, self.number, method),
                  codec.frame(codec.FRAME_HEADER, self.number,
                              codec.header_payload(len(raw), properties))]
        frames += [codec.frame(codec.FRAME_BODY, self.number, raw[at:at + piece])
                   for at in range(0, len(raw), piece)]
        return b"".join(frames)

    def publish(self, exchange, routing_key, body=b"", mandatory=False, **properties):
        self.connection.send_bytes(
            self.publish_bytes(exchange, routing_key, body, mandatory, **properties))

    def _content(self, method, within):
        frame = self.connection.frame_on(self.number, within)
        equal(frame.kind, codec.FRAME_HEADER, "frame type of the content header")
        size, properties = codec.decode_header(frame.payload)
        body = bytearray()
        while len(body) < size:
            frame = self.connection.frame_on(self.number, within)
            equal(frame.kind, codec.FRAME_BODY, "frame type of the body")
            check(len(frame.payload) + 8 <= self.connection.frame_max, "body frame is too long")
            body += frame.payload
        equal(len(body), size, "body size")
        return Message(method, properties, bytes(body))

    def expect_message(self, name="basic.deliver", within=5, **wanted):
        """The next frames of the channel must be this method with a message."""
        return self._content(self.expect(name, within, **wanted), within)

    def expect_bodies(self, bodies, **wanted):
        """Deliveries with exactly these bodies, in order; returns them."""
        messages = []
        for at, body in enumerate(bodies):
            messages.append(self.expect_message(**wanted))
            equal(messages[-1].body.decode(), body, f"body of delivery {at + 1} of {bodies}")
        return messages

    def get(self, queue, no_ack=True):
        """basic.get: a Message, or None when the queue is empty."""
        self.send("basic.get", queue=queue, no_ack=no_ack)
        frame = self.connection.frame_on(self.number)
        method = codec.decode_method(frame.payload)
        if method.name == "basic.get-empty":
            return None
        if method.name != "basic.get-ok":
            raise Failure(f"wanted basic.get-ok, got {method}")
        return self._content(method, 5)

    def drain(self, queue):
        """The bodies of all ready messages, taken without acknowledgement."""
        bodies = []
        while (message := self.get(queue)) is not None:
            bodies.append(message.body.decode())
        return bodies

    def expect_acks(self, up_to, name="basic.ack"):
        """Confirms until all tags up to `up_to` are confirmed once each, in any batching."""
        open_tags = set(range(1, up_to + 1)) - getattr(self, "_confirmed", set())
        confirmed = getattr(self, "_confirmed", set())
        while open_tags:
            ack = self.expect(name)
            tags = {tag for tag in open_tags
                    if tag == ack.delivery_tag or (ack.multiple and tag < ack.delivery_tag)}
            check(tags, f"{ack} confirms nothing that was open")
            open_tags -= tags
            confirmed |= tags
        self._confirmed = confirmed

    # Short forms of what most scenarios begin with.

    def queue(self, name="", **arguments):
        """Declares a queue and returns its name."""
        return self.call("queue.declare", queue=name, **arguments).queue

    def bind(self, queue, exchange, routing_key="", arguments=None):
        self.call("queue.bind", queue=queue, exchange=exchange, routing_key=routing_key,
                  arguments=arguments)

    def exchange(self, name, kind="direct", **arguments):
        self.call("exchange.declare", exchange=name, type=kind, **arguments)
        return name

    def consume(self, queue, **arguments):
        """Starts a consumer and returns its tag."""
        return self.call("basic.consume", queue=queue, **arguments).consumer_tag

    def ready_count(self, queue):
        return self.call("queue.declare", queue=queue, passive=True).message_count
