"""Writes down what a broker does for a script, in lines that two brokers' runs can be compared by.

A script is a function that is given a `Script`. What it sends and what comes back become lines of
the transcript: methods with all their arguments, codes and texts, properties, headers with their
types and in their order, bodies. Only this is made equal: names that the server makes up are
numbered, a time of death that is close to now is written as `now`, and confirms are listed by tag,
however they were batched. Nothing of the handshake is in a transcript.
"""

import re
import struct
import threading
import time

from support import codec, wire
from support.broker import patience

# Answers after which a question is done.
_ENDS = ("channel.close", "connection.close")
_GENERATED = re.compile(r"amq\.(gen|ctag)-[A-Za-z0-9_-]{22}")


def text_of(field):
    """One field value with its type, as `I 5` or `F {a = S "b"}`."""
    tag, value = field
    if tag == "F":
        return "F {" + ", ".join(f"{key} = {text_of(item)}" for key, item in value.items()) + "}"
    if tag == "A":
        return "A [" + ", ".join(text_of(item) for item in value) + "]"
    if tag == "t":
        return f"t {str(value).lower()}"
    if tag == "S":
        return f'S "{value}"'
    return f"{tag} {value}"


def sent_text(value):
    """A Python value that the codec sends, as text with its type; a time of death is `now`."""
    return re.sub(r"time = T \d+", "time = T now",
                  text_of(codec.Reader(codec.field(value)).field()))


def death_text(entry):
    """One table of x-death; its time must be plausible and is not written down."""
    parts = []
    for key, field in entry.value.items():
        recent = field.tag == "T" and abs(time.time() - field.value) < 120
        parts.append(f"{key} = T now" if key == "time" and recent else f"{key} = {text_of(field)}")
    return f"{entry.tag} {{{', '.join(parts)}}}"


def header_lines(headers):
    """Lines for a table of message headers, one per header, and per death."""
    for key, field in headers.items():
        if key == "x-death" and field.tag == "A":
            yield "header x-death A"
            yield from (f"  death {death_text(entry)}" for entry in field.value)
        else:
            yield f"header {key} = {text_of(field)}"


class Script:
    """One run of one script against one broker."""

    def __init__(self, name, server, control):
        self._name = name.replace(".", "-")
        self.server, self.control = server, control
        self.is_reference = server.kind == "reference"
        self.lines = []
        self._connections, self._generated = [], {}
        self._declared = {"queue": {}, "exchange": {}}

    def name(self, what):
        """The name of a queue or an exchange of this script; the same on both brokers."""
        return f"{self._name}-{what}"

    def note(self, text):
        """A line of the transcript. Names made by the server are numbered as they appear."""
        def numbered(match):
            number = self._generated.setdefault(match[0], len(self._generated) + 1)
            return f"amq.{match[1]}-<{number}>"
        self.lines.append(_GENERATED.sub(numbered, text))

    def step(self, text):
        """A heading, for whoever reads a difference."""
        self.note(f"--- {text}")

    def connect(self, **options):
        connection = wire.Connection(self.server, **options)
        self._connections.append(connection)
        return connection

    def channel(self, label="c", connection=None):
        """A channel that writes down what happens on it; on a connection of its own by default."""
        return RecordedChannel(self, label, connection or self.connect())

    def pause(self, milliseconds):
        """Lets time pass: where the passing of time is what the script is about."""
        threading.Event().wait(milliseconds / 1000)

    def until(self, condition, text, within=5):
        """Waits for something that is no answer on a channel; its failure is in the transcript."""
        deadline = time.monotonic() + patience(within)
        while not condition():
            if time.monotonic() > deadline:
                self.note(f"!!! not in {within} s: {text}")
                return
            self.pause(20)
        self.note(f"... {text}")

    def remember(self, kind, name):
        self._declared[kind][name] = True

    def clean_up(self):
        """Ends the connections and deletes what was declared."""
        for connection in self._connections:
            connection.abort()
        connection = wire.Connection(self.server)
        for kind, names in self._declared.items():
            for name in names:
                channel = connection.channel()
                channel.send(f"{kind}.delete", **{kind: name})
                connection.frame_on(channel.number)
        connection.abort()


class RecordedChannel:
    """A channel of a Script. A channel that the broker closes is opened again, with a line."""

    def __init__(self, script, label, connection):
        self._script, self._label = script, label
        self.connection = connection
        self._channel = connection.channel()

    # Writing down.

    def note(self, text):
        self._script.note(f"{self._label} {text}")

    def _note_sent(self, name, arguments):
        parts = [name]
        for key, value in arguments.items():
            if isinstance(value, bool):
                parts += [key] if value else []
            elif key == "arguments":
                parts.append(sent_text(value)[2:])
            elif value not in ("", None):
                parts.append(f"{key}={value}")
        self.note("> " + " ".join(parts))

    def _note_message(self, method, properties, body):
        texts = [f"{key}={value!r}" for key, value in method.arguments.items()]
        self.note(f"< {method.name} {' '.join(texts)}")
        for key, value in properties.items():
            if key == "headers":
                for line in header_lines(value):
                    self.note(f"    {line}")
            else:
                self.note(f"    {key}={value!r}")
        self.note(f"    body {body.decode(errors='replace')[:200]!r}")

    # Receiving.

    def _next(self, within):
        """The next method of the channel, written down; None when nothing came in time."""
        try:
            frame = self.connection.frame_on(self._channel.number, within)
        except wire.Closed:
            self.note("!!! the socket was closed")
            raise
        except wire.Failure:
            return None
        method = codec.decode_method(frame.payload)
        if method.name in ("basic.deliver", "basic.get-ok", "basic.return"):
            message = self._channel._content(method, 5)
            self._note_message(method, message.properties, message.body)
            return message
        if method.name in ("basic.ack", "basic.nack"):
            return method
        texts = [f"{key}={value!r}" for key, value in method.arguments.items()]
        self.note(f"< {method.name} {' '.join(texts)}".rstrip())
        if method.name == "channel.close":
            self._channel.send("channel.close-ok")
            self._channel.reopen()
        return method

    def _until(self, names, within=5):
        """Everything up to one of these methods, or an error."""
        while True:
            got = self._next_or_end(within)
            if got is None:
                self.note(f"!!! no {names[0]} came")
                return None
            if getattr(got, "name", None) in (*names, *_ENDS):
                return got
            if isinstance(got, wire.Message) and got.method.name in names:
                return got

    def _next_or_end(self, within):
        """_next, or connection.close, which is answered; a new connection takes its place."""
        waiting = self.connection._waiting
        deadline = time.monotonic() + patience(within)
        while not waiting[self._channel.number] and not waiting[0]:
            try:
                frame = self.connection.next_frame(max(0.001, deadline - time.monotonic()))
            except wire.Closed:
                self.note("!!! the socket was closed")
                self._renew()
                return codec.Decoded("connection.close", {})
            except wire.Failure:
                return None
            if frame.kind != codec.FRAME_HEARTBEAT:
                waiting[frame.channel].append(frame)
        if waiting[self._channel.number]:
            return self._next(within)
        method = codec.decode_method(waiting[0].popleft().payload)
        texts = [f"{key}={value!r}" for key, value in method.arguments.items()]
        self.note(f"< {method.name} {' '.join(texts)}")
        self.connection.send("connection.close-ok")
        self._renew()
        return method

    def _renew(self):
        self.connection = self._script.connect()
        self._channel = self.connection.channel()

    # What a script says.

    def send(self, name, **arguments):
        self._note_sent(name, arguments)
        for kind in ("queue", "exchange"):
            if name == f"{kind}.declare" and arguments.get(kind):
                self._script.remember(kind, arguments[kind])
        try:
            self._channel.send(name, **arguments)
        except struct.error as problem:
            raise wire.Failure(f"{name} cannot be sent: {problem}") from None

    def call(self, name, within=5, **arguments):
        """Sends and writes down everything up to the answer, be it an error."""
        self.send(name, **arguments)
        return self._until((name + "-ok",), within)

    def queue(self, what, *, durable=False, arguments=None, **others):
        """Declares a queue of this script's; returns its full name."""
        full = self._script.name(what)
        if arguments is not None:
            others["arguments"] = arguments
        self.call("queue.declare", queue=full, durable=durable, **others)
        return full

    def exchange(self, what, kind="direct", *, arguments=None, **others):
        full = self._script.name(what)
        if arguments is not None:
            others["arguments"] = arguments
        self.call("exchange.declare", exchange=full, type=kind, **others)
        return full

    def bind(self, queue, exchange, routing_key="", arguments=None):
        others = {} if arguments is None else {"arguments": arguments}
        self.call("queue.bind", queue=queue, exchange=exchange, routing_key=routing_key, **others)

    def publish(self, exchange, routing_key, body="", mandatory=False, **properties):
        texts = "".join(f" {key}={sent_text(value) if key == 'headers' else value!r}"
                        for key, value in properties.items())
        self.note(f"> basic.publish {exchange!r} {routing_key!r} {body[:40]!r}"
                  f"{' mandatory' if mandatory else ''}{texts}")
        self._channel.publish(exchange, routing_key, body, mandatory, **properties)

    def _publisher(self):
        """A channel apart, in confirm mode, and how many were published on it: [channel, count]."""
        found = self.__dict__.get("_apart")
        if found is None or found[0].connection is not self.connection:
            found = self._apart = [self.connection.channel(), 0]
            found[0].call("confirm.select")
        return found

    def put(self, exchange, routing_key, body="", **properties):
        """Publishes on a channel apart and waits for the confirm: it is in its queues now."""
        texts = "".join(f" {key}={sent_text(value) if key == 'headers' else value!r}"
                        for key, value in properties.items())
        self.note(f"> put {exchange!r} {routing_key!r} {body[:40]!r}{texts}")
        self.pour([(exchange, routing_key, body, properties)])

    def pour(self, messages):
        """`put` of many (exchange, key, body, properties), without lines but for refusals."""
        publisher = self._publisher()
        for exchange, routing_key, body, properties in messages:
            publisher[0].publish(exchange, routing_key, body, **properties)
        first, publisher[1] = publisher[1], publisher[1] + len(messages)
        settled = set()
        while len(settled) < len(messages):
            frame = self.connection.frame_on(publisher[0].number)
            answer = codec.decode_method(frame.payload)
            if answer.name not in ("basic.ack", "basic.nack"):
                raise wire.Failure(f"wanted a confirm, got {answer}")
            if answer.name == "basic.nack":
                self.note("< basic.nack")
            begin = first + 1 if answer.multiple else answer.delivery_tag
            settled |= set(range(begin, answer.delivery_tag + 1))

    def consume(self, queue, consumer_tag, **arguments):
        """Starts a consumer; None when the broker refuses."""
        return self.call("basic.consume", queue=queue, consumer_tag=consumer_tag, **arguments)

    def get(self, queue, no_ack=True):
        """basic.get; the message or None."""
        self.send("basic.get", queue=queue, no_ack=no_ack)
        got = self._until(("basic.get-ok", "basic.get-empty"))
        return got if isinstance(got, wire.Message) else None

    def drain(self, queue):
        """Gets until the queue is empty."""
        while self.get(queue) is not None:
            pass

    def take(self, count=1, within=5):
        """The next `count` methods or messages, whatever they are."""
        taken = []
        for _ in range(count):
            got = self._next_or_end(within)
            if got is None:
                self.note(f"!!! only {len(taken)} of {count} came")
                break
            taken.append(got)
        return taken

    def sync(self):
        """A harmless question: what came before its answer is written down."""
        self._channel.send("exchange.declare", exchange="amq.direct", type="direct", passive=True)
        mark = len(self._script.lines)
        self._until(("exchange.declare-ok",))
        self._script.lines = [
            line for at, line in enumerate(self._script.lines)
            if at < mark or "exchange.declare-ok" not in line]

    def ready(self, queue):
        """The message count of a passive declare, without a line."""
        self._channel.send("queue.declare", queue=queue, passive=True)
        return self._channel.expect("queue.declare-ok").message_count

    def await_ready(self, queue, count, within=5):
        """Waits until the queue has `count` ready messages."""
        self._script.until(lambda: self.ready(queue) == count, f"{queue} has {count} ready", within)

    def exists(self, queue):
        """Whether the queue is there, without a line."""
        self._channel.send("queue.declare", queue=queue, passive=True)
        frame = self.connection.frame_on(self._channel.number)
        if codec.decode_method(frame.payload).name == "queue.declare-ok":
            return True
        self._channel.send("channel.close-ok")
        self._channel.reopen()
        return False

    def confirms(self, count, within=5):
        """Waits until the tags 1 to `count` are confirmed, and lists how."""
        done = self.__dict__.setdefault("_confirmed", {})
        fresh = []
        while len(done) < count:
            got = self._next_or_end(within)
            if got is None or getattr(got, "name", "") in _ENDS:
                break
            name = getattr(got, "name", "")
            if name not in ("basic.ack", "basic.nack"):
                continue
            first = got.delivery_tag if not got.multiple else 1
            for tag in range(first, got.delivery_tag + 1):
                if tag not in done:
                    done[tag] = name[6:]
                    fresh.append(tag)
                elif not got.multiple:
                    self.note(f"!!! {tag} is confirmed twice")
        missing = [f"{tag} nothing" for tag in range(1, count + 1) if tag not in done]
        self.note("< confirms: " + ", ".join([f"{tag} {done[tag]}" for tag in sorted(fresh)] +
                                             missing))

    def end(self):
        """Closes the channel."""
        self.note("> channel.close")
        self._channel.close()
