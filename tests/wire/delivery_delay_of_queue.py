"""x-delivery-delay of a queue: every message waits; a header of its own goes before it."""

import time

from support import wire

TERNMQ_ONLY = True  # An argument of TernMQ's.


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True, arguments={"x-delivery-delay": 400})
    started = time.monotonic()
    channel.publish("", queue, "first")
    channel.publish("", queue, "second")
    wire.equal(channel.get(queue), None, "a message that still waits")
    channel.consume(queue)
    messages = channel.expect_bodies(["first", "second"], redelivered=False)
    waited = (time.monotonic() - started) * 1000
    wire.check(waited >= 395, f"came after {waited:.0f} ms")
    # What comes back has waited already.
    channel.send("basic.nack", delivery_tag=messages[0].tag, requeue=True)
    started = time.monotonic()
    channel.expect_bodies(["first"], redelivered=True)
    waited = (time.monotonic() - started) * 1000
    wire.check(waited < 300, f"a returned message waited again for {waited:.0f} ms")
