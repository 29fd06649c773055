"""ack, ack multiple, ack of all, nack without requeue: the settled are gone, the others come
back.
"""

from support import wire

# What is sent after deliveries 1 to 6, and what is left.
ROWS = [
    ([("basic.ack", {"delivery_tag": 3})], "12456"),
    ([("basic.ack", {"delivery_tag": 3, "multiple": True})], "456"),
    ([("basic.ack", {"delivery_tag": 0, "multiple": True})], ""),
    ([("basic.nack", {"delivery_tag": 2, "multiple": True})], "3456"),
    ([("basic.nack", {"delivery_tag": 0, "multiple": True})], ""),
    ([("basic.reject", {"delivery_tag": 6})], "12345"),
    ([("basic.ack", {"delivery_tag": 5}), ("basic.ack", {"delivery_tag": 2}),
      ("basic.nack", {"delivery_tag": 4, "multiple": True})], "6"),
    ([("basic.nack", {"delivery_tag": 0, "multiple": True, "requeue": True})], "123456"),
]


def run(t):
    def settled(steps, left):
        channel = t.channel()
        queue = channel.queue(exclusive=True)
        tag = channel.consume(queue)
        for body in "123456":
            channel.publish("", queue, body)
        channel.expect_bodies("123456")
        channel.call("basic.cancel", consumer_tag=tag)
        for method, arguments in steps:
            channel.send(method, **arguments)
        channel.call("basic.recover", requeue=True)
        t.until(lambda: channel.ready_count(queue) == len(left), f"{left!r} are ready")
        wire.equal("".join(channel.drain(queue)), left, "messages left")

    t.each(ROWS, settled)
