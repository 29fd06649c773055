"""cancel-ok comes after deliveries on their way; those can still be acked; nothing comes after."""

from support import codec, wire


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), exclusive=True)
    tag = channel.consume(queue)
    channel.connection.send_bytes(b"".join(
        channel.publish_bytes("", queue, str(i)) for i in range(200)))
    channel.send("basic.cancel", consumer_tag=tag)
    delivered = 0
    while True:
        method = codec.decode_method(channel.connection.frame_on(1).payload)
        if method.name == "basic.cancel-ok":
            break
        channel._content(method, 5)
        delivered += 1
        wire.equal(method.delivery_tag, delivered, "delivery tag")
    wire.equal(method.consumer_tag, tag, "consumer tag of cancel-ok")
    channel.expect_quiet()
    if delivered:
        channel.send("basic.ack", delivery_tag=delivered, multiple=True)
    t.until(lambda: channel.ready_count(queue) == 200 - delivered, "the others are still ready")
