"""Expiry goes on counting over a restart, wherever the message stands in its queue."""

import time

from support import wire

TERNMQ_ONLY = True  # RabbitMQ looks at the head of the queue only.
OWN_BROKER = []
SECONDS = 60


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    channel.queue("letters", durable=True)
    channel.queue("q", durable=True, arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "letters"})
    published = time.monotonic()
    for body, expiration in (("stays", "600000"), ("short", "200"), ("later", "4000"),
                             ("stays too", "600000")):
        channel.publish("", "q", body, delivery_mode=2, expiration=expiration)
    channel.expect_acks(4)
    t.server.restart(hard=True)

    channel = t.channel()
    channel.consume("letters", no_ack=True)
    letters = [channel.expect_message(within=10) for _ in range(2)]
    wire.equal([letter.body for letter in letters], [b"short", b"later"], "dead letters")
    waited = (time.monotonic() - published) * 1000
    wire.check(waited >= 3995, f"the second one expired after {waited:.0f} ms")
    wire.equal(letters[0].headers["x-death"][0]["original-expiration"], "200", "header")
    wire.equal(channel.drain("q"), ["stays", "stays too"], "what is left")
