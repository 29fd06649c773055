"""Two bindings of one queue that match deliver one copy; binding twice is one binding."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    for kind, keys in (("topic", ["a.*", "#", "a.b"]), ("direct", ["a.b", "a.b"])):
        exchange = channel.exchange(t.name("x"), kind, auto_delete=True)
        for key in keys:
            channel.bind(queue, exchange, key)
        channel.publish(exchange, "a.b", "once")
        wire.equal(channel.drain(queue), ["once"], f"copies by {keys}")
    # Bound twice, unbound once: it is gone.
    channel.bind(queue, "amq.direct", queue)
    channel.bind(queue, "amq.direct", queue)
    channel.call("queue.unbind", queue=queue, exchange="amq.direct", routing_key=queue)
    channel.publish("amq.direct", queue, "x")
    wire.equal(channel.drain(queue), [], "after the unbind")
