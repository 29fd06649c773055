"""The consumer with the higher x-priority is served while it has room, then the others."""


def run(t):
    low, high = t.channel(), t.channel()
    queue = low.queue(t.name(), auto_delete=True)
    low.call("basic.qos", prefetch_count=10)
    high.call("basic.qos", prefetch_count=2)
    low.consume(queue, arguments={"x-priority": -1})
    high.consume(queue, arguments={"x-priority": 5})
    low.connection.send_bytes(b"".join(low.publish_bytes("", queue, body) for body in "abcd"))
    high.expect_bodies("ab")
    low.expect_bodies("cd")
    high.expect_quiet()
    high.send("basic.ack", delivery_tag=2, multiple=True)
    high.expect_quiet()
    low.publish("", queue, "e")
    high.expect_bodies("e")
