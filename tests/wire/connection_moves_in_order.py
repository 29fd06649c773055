"""A connection that works with one queue may move to the thread of that queue: order, confirms and
what was sent meanwhile come through it unharmed, whichever thread that is."""

from support import wire

QUEUES = 6  # More than threads, so that some connections have to move.
MESSAGES = 400


def run(t):
    owner = t.channel()
    names = [owner.queue(t.name(str(number)), durable=True) for number in range(QUEUES)]
    for name in names:
        plain, confirming = t.connect().channel(), t.connect().channel()
        confirming.call("confirm.select")
        plain.connection.send_bytes(
            b"".join(plain.publish_bytes("", name, f"a{i}") for i in range(MESSAGES)))
        # A get is answered after what the same channel has published, also across the move.
        wire.equal(plain.get(name).body, b"a0", "first message")
        confirming.connection.send_bytes(
            b"".join(confirming.publish_bytes("", name, f"b{i}", delivery_mode=i % 2 + 1)
                     for i in range(MESSAGES)))
        confirming.expect_acks(MESSAGES)
        confirming.expect_quiet()
    for name in names:
        channel = t.connect().channel()
        channel.consume(name, no_ack=True)
        expected = [f"a{i}" for i in range(1, MESSAGES)] + [f"b{i}" for i in range(MESSAGES)]
        channel.expect_bodies(expected)
        # The connection goes on as any other: publishing, errors, closing.
        channel.publish("", name, "again")
        channel.expect_bodies(["again"])
    for name in names:
        owner.call("queue.delete", queue=name)
