"""A consumer that never reads is bounded: the broker's memory does not grow with what it is
owed.
"""

from support import wire

SECONDS = 120
OWN_BROKER = []
TERNMQ_ONLY = True  # Watches the memory of its own process.
BODY, COUNT = b"x" * 10000, 20000


def run(t):
    publisher, reader = t.channel(), t.channel()
    queue = publisher.queue("q", durable=True)
    lazy = t.connect(receive_buffer=4096).channel()
    publisher.call("confirm.select")
    lazy.consume(queue, no_ack=True)
    before = t.server.resident_bytes()
    # 200 MB to a consumer without acknowledgement that reads nothing.
    one = publisher.publish_bytes("", queue, BODY, delivery_mode=2)
    for _ in range(COUNT // 100):
        publisher.connection.send_bytes(one * 100)
        publisher.publish("", "nowhere at all")
    publisher.expect_acks(COUNT + COUNT // 100)
    grown = t.server.resident_bytes() - before
    wire.check(grown < 150 * 2**20, f"memory grew by {grown >> 20} MiB")
    # The others are served meanwhile, and what the lazy one did not get is still there.
    reader.publish("", reader.queue("other"), "x")
    wire.equal(reader.drain("other"), ["x"], "another queue")
    lazy.connection.abort()
    wire.check(reader.ready_count(queue) > COUNT // 2, "the rest of the queue")
