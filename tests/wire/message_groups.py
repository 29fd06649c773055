"""x-message-group: of each value one message is out at a time, in order; values go in parallel."""

from support import wire

TERNMQ_ONLY = True  # An argument of TernMQ's.


def run(t):
    publisher = t.channel()
    queue = publisher.queue(t.name(), arguments={"x-message-group": "customer"})
    first, second = t.channel(), t.channel()
    for channel in (first, second):
        channel.call("basic.qos", prefetch_count=10)
        channel.consume(queue)
    for body in ("a1", "a2", "a3", "b1", "b2", "none1", "none2"):
        headers = {} if body.startswith("none") else {"customer": body[0]}
        publisher.publish("", queue, body, headers=headers)
    # Of a and b one each; those without a group are not held back.
    got = {}
    t.until(lambda: collect((first, second), got) == {"a1", "b1", "none1", "none2"},
            "the first of each group, and what has none")
    settle(got, "a1", "basic.ack")
    t.until(lambda: "a2" in collect((first, second), got), "the next of group a")
    wire.check("b2" not in got and "a3" not in got, f"{sorted(got)}: two of a group at once")
    # A message that comes back is the next of its group again.
    settle(got, "a2", "basic.nack", requeue=True)
    t.until(lambda: "a2" in collect((first, second), got), "the returned one, before a3")
    wire.check("a3" not in got, "a3 overtook a2")
    settle(got, "a2", "basic.ack")
    settle(got, "b1", "basic.reject", requeue=False)
    t.until(lambda: {"a3", "b2"} <= collect((first, second), got), "the next of both")
    publisher.call("queue.delete", queue=queue)


def settle(got, body, name, **arguments):
    channel, tag = got.pop(body)
    channel.send(name, delivery_tag=tag, **arguments)


def collect(channels, got):
    """Adds what was delivered by now to `got`; returns the bodies in it."""
    for channel in channels:
        channel.send("exchange.declare", exchange="amq.direct", type="direct", passive=True)
        while True:
            frame = channel.connection.frame_on(channel.number)
            method = wire.codec.decode_method(frame.payload)
            if method.name == "exchange.declare-ok":
                break
            wire.equal(method.name, "basic.deliver", "what came")
            got[channel._content(method, 5).body.decode()] = (channel, method.delivery_tag)
    return set(got)
