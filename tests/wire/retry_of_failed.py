"""x-delayed-retry-type failed: the wait is for messages whose consumer went away."""

import time

from support import wire

TERNMQ_ONLY = True  # RabbitMQ has it from 4.3 on.


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), arguments={
        "x-delayed-retry-type": "failed", "x-delayed-retry-min": 400})
    channel.publish("", queue, "a")
    other = t.channel()
    other.consume(queue)
    other.expect_bodies(["a"])
    channel.consume(queue)
    started = time.monotonic()
    other.connection.abort()
    channel.expect_bodies(["a"], redelivered=True)
    waited = (time.monotonic() - started) * 1000
    wire.check(waited >= 395, f"came again after {waited:.0f} ms")
    channel.call("queue.delete", queue=queue)
