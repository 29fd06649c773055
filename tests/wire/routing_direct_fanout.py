"""direct compares the whole key, fanout ignores it, the default exchange knows queues by name."""

from support import wire


def run(t):
    channel = t.channel()
    a, b = channel.queue(exclusive=True), channel.queue(exclusive=True)
    direct = channel.exchange(t.name("x"), auto_delete=True)
    fanout = channel.exchange(t.name("x"), "fanout", auto_delete=True)
    channel.bind(a, direct, "k")
    channel.bind(a, direct, "other")
    channel.bind(b, direct, "k")
    channel.bind(b, direct, "")
    for key in ("k", "other", "", "K", "k.", "*", "#"):
        channel.publish(direct, key, key)
    wire.equal(channel.drain(a), ["k", "other"], "first queue, direct")
    wire.equal(channel.drain(b), ["k", ""], "second queue, direct")
    channel.bind(a, fanout, "one")
    channel.bind(a, fanout, "two")
    channel.bind(b, fanout)
    channel.publish(fanout, "whatever", "x")
    wire.equal((channel.drain(a), channel.drain(b)), (["x"], ["x"]), "fanout: one copy each")
    channel.publish("", a, "by name")
    channel.publish("", a + "-not", "nobody")
    message = channel.get(a)
    wire.equal((message.body, message.method.exchange, message.method.routing_key),
               (b"by name", "", a), "default exchange")
    key = "\u00fc" * 100 + "k" * 55
    channel.bind(b, direct, key)
    channel.publish(direct, key, "longest key")
    wire.equal(channel.drain(b), ["longest key"], "a key of 255 octets")
