"""Consumers of equal priority take turns."""

from support import wire


def run(t):
    publisher = t.channel()
    queue = publisher.queue(t.name(), auto_delete=True)
    consumers = [t.channel() for _ in range(3)]
    for consumer in consumers:
        consumer.call("basic.qos", prefetch_count=100)
        consumer.consume(queue)
    publisher.connection.send_bytes(b"".join(
        publisher.publish_bytes("", queue, str(i)) for i in range(30)))
    shares = [[int(consumer.expect_message().body) for _ in range(10)] for consumer in consumers]
    wire.equal(sorted(sum(shares, [])), list(range(30)), "all of them together")
    for share in shares:
        wire.equal([b - a for a, b in zip(share, share[1:])], [3] * 9, "each third message")
        publisher.expect_quiet()
