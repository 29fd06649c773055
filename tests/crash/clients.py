"""The clients of a crash round: publishers and consumers in threads, until the broker dies.

Each thread owns a connection and writes into its ledgers; errors of the socket end it, any other
error is kept in `failure`.
"""

import threading
import time

from support import codec, wire
from support.broker import patience

PREFETCH = 50


class Client(threading.Thread):
    """A thread on a channel of its own that works until the connection ends."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.connection = wire.Connection(server)
        self.channel = self.connection.channel()
        self.failure = None

    def run(self):
        try:
            self.work()
        except (wire.Closed, OSError):
            pass  # The broker was killed.
        except wire.Failure as failure:
            self.failure = failure
        finally:
            self.connection.abort()

    def work(self):
        raise NotImplementedError


class ConfirmPublisher(Client):
    """Publishes persistent messages to an exchange with confirms, a window of them unconfirmed.

    All ledgers get the same numbers: those of the queues that the exchange leads to. Each tenth
    message is transient (its body says so) and must not survive.
    """

    def __init__(self, server, exchange, key, ledgers, source):
        super().__init__(server)
        self.exchange, self.key, self.ledgers, self.source = exchange, key, ledgers, source
        self.channel.call("confirm.select")

    def work(self):
        unconfirmed, tag, window = {}, 0, self.source.choice([1, 10, 100, 400])
        size = self.source.choice([0, 10, 200, 3000])
        while True:
            batch = []
            while len(unconfirmed) < window:
                tag += 1
                batch.append(self.message(unconfirmed, tag, size))
            self.connection.send_bytes(b"".join(batch))
            ack = self.channel.expect("basic.ack", within=30)
            first = min(unconfirmed) if ack.multiple else ack.delivery_tag
            for confirmed in range(first, ack.delivery_tag + 1):
                number = unconfirmed.pop(confirmed, None)
                if number is not None:
                    for ledger in self.ledgers:
                        ledger.confirm(number)

    def message(self, unconfirmed, tag, size):
        if tag % 10 == 0:
            unconfirmed[tag] = None
            return self.channel.publish_bytes(self.exchange, self.key, "transient")
        number = [ledger.publish() for ledger in self.ledgers][0]
        unconfirmed[tag] = number
        return self.channel.publish_bytes(self.exchange, self.key, f"{number} " + "x" * size,
                                          delivery_mode=2)


class TxPublisher(Client):
    """Publishes the same numbers to two queues, some at a time in one transaction."""

    def __init__(self, server, ledgers, source):
        super().__init__(server)
        self.ledgers, self.source = ledgers, source
        self.channel.call("tx.select")

    def work(self):
        while True:
            count = self.source.randrange(1, 8)
            numbers = []
            frames = []
            for _ in range(count):
                for ledger in self.ledgers:
                    number = ledger.publish()
                    frames.append(self.channel.publish_bytes(
                        "", ledger.queue, f"{number} {count}", delivery_mode=2))
                numbers.append(number)
            self.connection.send_bytes(b"".join(frames))
            self.channel.call("tx.commit", within=30)
            for ledger in self.ledgers:
                for number in numbers:
                    ledger.confirm(number)


class Consumer(Client):
    """Takes messages in order and acks them, one by one or some at a time."""

    def __init__(self, server, ledger, ack_each):
        super().__init__(server)
        self.ledger, self.ack_each = ledger, ack_each
        self.channel.call("basic.qos", prefetch_count=PREFETCH)
        self.channel.consume(ledger.queue)

    def work(self):
        last, pending = -1, []
        while True:
            message = self.channel.expect_message(within=30)
            if message.body == b"transient":
                pending.append((message.tag, None))
            else:
                number = int(message.body.split()[0])
                wire.check(number > last, f"{self.ledger.queue}: {number} after {last}")
                last = number
                self.ledger.deliver(number)
                pending.append((message.tag, number))
            if len(pending) == self.ack_each:
                # Noted before it is sent: the broker may carry it out whatever we see of it.
                for _, acked in pending:
                    if acked is not None:
                        self.ledger.ack(acked)
                self.channel.send("basic.ack", delivery_tag=message.tag, multiple=True)
                pending = []


def take_all(channel, queue, settle):
    """Everything ready in the queue as (number, redelivered); acked if `settle`, else put back."""
    count = channel.ready_count(queue)
    found, tag = [], 0
    consumer = channel.consume(queue)
    for _ in range(count):
        message = channel.expect_message(within=30)
        wire.check(message.body != b"transient", f"{queue}: a transient message survived")
        found.append((int(message.body.split()[0]), message.method.redelivered))
        tag = message.tag
    channel.send("basic.cancel", consumer_tag=consumer)
    frame = channel.connection.frame_on(channel.number)
    method = codec.decode_method(frame.payload)
    wire.check(method.name == "basic.cancel-ok", f"{queue}: more than the {count} counted")
    if tag and settle:
        channel.send("basic.ack", delivery_tag=tag, multiple=True)
    elif tag:
        channel.send("basic.nack", delivery_tag=tag, multiple=True, requeue=True)
    # A passive declare may overtake the ack or nack before it: asked until it is right.
    wanted, deadline = 0 if settle else count, time.monotonic() + patience(10)
    while (ready := channel.ready_count(queue)) != wanted:
        wire.check(time.monotonic() < deadline, f"{queue}: {ready} ready, {wanted} expected")
    return found
