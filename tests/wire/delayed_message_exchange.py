"""An x-delayed-message exchange routes by its x-delayed-type when x-delay milliseconds are over."""

import time

from support import wire
from support.codec import Field

TERNMQ_ONLY = True  # A plugin of RabbitMQ's that Debian does not have.


def run(t):
    channel = t.channel()
    exchange = channel.exchange(t.name("x"), "x-delayed-message",
                                arguments={"x-delayed-type": "topic"})
    queue = channel.queue(exclusive=True)
    channel.bind(queue, exchange, "a.*")
    channel.call("confirm.select")
    channel.consume(queue, no_ack=True)
    started = time.monotonic()
    rows = [("600", 600), ("200", Field("l", 200)), ("400", Field("u", 400)), ("now", 0),
            ("negative", -5000), ("no number", "100")]
    for body, delay in rows:
        channel.publish(exchange, "a.b", body, headers={"x-delay": delay}, delivery_mode=2)
    channel.publish(exchange, "a.b", "no header")
    channel.publish(exchange, "c", "no binding", headers={"x-delay": 10})
    # Confirmed when it is stored, not when it is due; what is due at once may come in between.
    confirmed, bodies = set(), []
    while len(bodies) < 7 or len(confirmed) < 8:
        frame = channel.connection.frame_on(channel.number)
        method = wire.codec.decode_method(frame.payload)
        if method.name == "basic.ack":
            confirmed |= set(range(1 if method.multiple else method.delivery_tag,
                                   method.delivery_tag + 1))
            continue
        wire.equal(method.name, "basic.deliver", "what came")
        message = channel._content(method, 5)
        wire.equal((message.method.exchange, message.method.routing_key), (exchange, "a.b"),
                   "where it came from")
        bodies.append(message.body.decode())
        if bodies[-1].isdigit():
            waited = (time.monotonic() - started) * 1000
            wire.check(waited >= int(bodies[-1]) - 5, f"{bodies[-1]} came after {waited:.0f} ms")
            wire.check(len(confirmed) == 8, "a delayed message is confirmed only when it is due")
    wire.equal(bodies, ["now", "negative", "no number", "no header", "200", "400", "600"], "order")
    channel.expect_quiet()
