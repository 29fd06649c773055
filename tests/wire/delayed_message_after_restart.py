"""Delayed messages survive kill -9, come when they are due, and late ones at once."""

import time

from support import wire

TERNMQ_ONLY = True  # A plugin of RabbitMQ's that Debian does not have.
OWN_BROKER = []
SECONDS = 60


def run(t):
    channel = t.channel()
    exchange = channel.exchange("x", "x-delayed-message", durable=True,
                                arguments={"x-delayed-type": "direct"})
    channel.queue("q", durable=True)
    channel.queue("by-header", durable=True)
    channel.bind("q", exchange, "k")
    channel.call("confirm.select")
    published = time.time()
    for delay in (6000, 200, 3000):
        channel.publish(exchange, "k", str(delay), headers={"x-delay": delay}, delivery_mode=2)
    channel.publish("", "by-header", "at", delivery_mode=2,
                    headers={"x-deliver-at": int(published * 1000) + 3000})
    channel.expect_acks(4)
    t.server.restart(hard=True)

    channel = t.channel()
    channel.consume("q", no_ack=True)
    for delay in (200, 3000, 6000):
        message = channel.expect_message(within=10)
        wire.equal(message.body.decode(), str(delay), "order after the restart")
        waited = (time.time() - published) * 1000
        wire.check(waited >= delay - 5, f"{delay} came after {waited:.0f} ms")
    channel.expect_quiet()
    message = channel.get("by-header")
    wire.check(message is not None and message.body == b"at", "x-deliver-at after the restart")
