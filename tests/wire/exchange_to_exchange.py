"""Exchanges bound to exchanges: keys are matched at each step, loops are cut, one copy arrives."""

from support import wire


def run(t):
    channel = t.channel()
    a, b, c = (channel.exchange(t.name("x"), kind, durable=True)
               for kind in ("topic", "fanout", "topic"))
    queue, other = channel.queue(exclusive=True), channel.queue(exclusive=True)

    def link(source, destination, key, method="bind"):
        channel.call(f"exchange.{method}", destination=destination, source=source, routing_key=key)

    link(a, b, "a.*")
    link(b, c, "")
    link(c, a, "#")
    link(a, a, "#")
    channel.bind(queue, c, "*.x")
    channel.bind(other, b)
    for key in ("a.x", "a.y", "b.x"):
        channel.publish(a, key, key)
    message = channel.get(queue)
    wire.equal((message.body, message.method.exchange, message.method.routing_key),
               (b"a.x", a, "a.x"), "message seen at the end of the chain")
    wire.equal(channel.drain(queue), [], "more copies")
    wire.equal(channel.drain(other), ["a.x", "a.y"], "messages by the fanout")
    channel.publish(c, "a.x", "round the loop")
    wire.equal(channel.drain(queue), ["round the loop"], "loop")
    wire.equal(channel.drain(other), ["round the loop"], "loop to the fanout")
    link(a, b, "a.*", "unbind")
    channel.publish(a, "a.x", "cut off")
    wire.equal(channel.drain(queue), [], "after the unbind")
    for name in (a, b, c):
        channel.call("exchange.delete", exchange=name)
