"""Bindings that differ only in their arguments are different; unbinding one leaves the other."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    exchange = channel.exchange(t.name("x"), "headers", auto_delete=True)
    one, two = {"x-match": "all", "a": 1}, {"x-match": "all", "a": 2}
    channel.bind(queue, exchange, "k", one)
    channel.bind(queue, exchange, "k", two)
    channel.call("queue.unbind", queue=queue, exchange=exchange, routing_key="k", arguments=one)
    for value in (1, 2):
        channel.publish(exchange, "", str(value), headers={"a": value})
    wire.equal(channel.drain(queue), ["2"], "headers")
    direct = channel.exchange(t.name("x"), auto_delete=True)
    channel.bind(queue, direct, "k", {"n": 1})
    channel.bind(queue, direct, "k")
    channel.call("queue.unbind", queue=queue, exchange=direct, routing_key="k",
                 arguments={"n": 2})
    channel.publish(direct, "k", "both")
    channel.call("queue.unbind", queue=queue, exchange=direct, routing_key="k")
    channel.publish(direct, "k", "one left")
    channel.call("queue.unbind", queue=queue, exchange=direct, routing_key="k",
                 arguments={"n": 1})
    wire.equal(channel.drain(queue), ["both", "one left"], "direct")
    channel.send("exchange.declare", exchange=direct, passive=True)
    wire.equal(channel.expect("channel.close").reply_code, 404, "the auto-delete exchange")
