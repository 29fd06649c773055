"""A consumer that never reads is bounded: the broker's memory does not grow with what it is
owed.
"""

from support import broker, wire

SECONDS = 120
# Small stores and windows, so that what the socket is owed stands out.
OWN_BROKER = ["--store-epoch-bytes=8MiB", "--queue-window-head-bytes=2MiB",
              "--queue-window-tail-bytes=2MiB"]
TERNMQ_ONLY = True  # Watches the memory of its own process.
BODY, COUNT = b"x" * 10000, 20000
# Of the 200 MB. A sanitizer's books take several times what they are about.
GROWTH_MAX = broker.patience(1) * (48 << 20)


def publish(channel, queue):
    """200 MB, all confirmed."""
    channel = channel.connection.channel()
    channel.call("confirm.select")
    one = channel.publish_bytes("", queue, BODY, delivery_mode=2)
    for _ in range(COUNT // 100):
        channel.connection.send_bytes(one * 100)
    channel.expect_acks(COUNT)
    channel.close()


def run(t):
    publisher, reader = t.channel(), t.channel()
    for queue in ("nobody's", "lazy", "other"):
        publisher.queue(queue, durable=True)
    publish(publisher, "nobody's")
    before = t.server.resident_bytes()
    # The same to a consumer that takes everything without acknowledgement and reads nothing.
    lazy = t.connect(receive_buffer=4096).channel()
    lazy.consume("lazy", no_ack=True)
    publish(publisher, "lazy")
    grown = t.server.resident_bytes() - before
    wire.check(grown < GROWTH_MAX, f"memory grew by {int(grown) >> 20} MiB")
    # The others are served meanwhile, and what the lazy one did not get is still there.
    reader.publish("", "other", "x")
    wire.equal(reader.drain("other"), ["x"], "another queue")
    lazy.connection.abort()
    wire.check(reader.ready_count("lazy") > COUNT // 2, "the rest of the queue is gone")
