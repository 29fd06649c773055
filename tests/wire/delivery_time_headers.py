"""x-deliver-at, x-delivery-delay and their AMQP 1.0 names delay a message at any queue."""

import time

from support import wire
from support.codec import Field

TERNMQ_ONLY = True  # Headers of TernMQ's.


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.consume(queue, no_ack=True)
    started = time.time()
    now = int(started * 1000)
    rows = [
        ("900", {"x-deliver-at": now + 900}),
        ("300", {"x-delivery-delay": 300}),
        ("600", {"x-opt-delivery-time": now + 600}),
        ("450", {"x-opt-delivery-delay": Field("l", 450)}),
        ("past", {"x-deliver-at": now - 1000}),
        ("negative", {"x-delivery-delay": -1}),
        ("text", {"x-deliver-at": "tomorrow"}),
        ("seconds long gone", {"x-deliver-at": Field("T", int(started) - 5)}),
    ]
    for body, headers in rows:
        channel.publish("", queue, body, headers=headers)
    channel.expect_bodies(["past", "negative", "text", "seconds long gone"])
    wire.equal(channel.ready_count(queue), 0, "delayed messages are not ready")
    for body in ("300", "450", "600", "900"):
        message = channel.expect_message()
        wire.equal(message.body.decode(), body, "order of due times")
        waited = (time.time() - started) * 1000
        wire.check(waited >= int(body) - 5, f"{body} came after {waited:.0f} ms")
    channel.expect_quiet()
