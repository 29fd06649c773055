"""A body of 5 MiB arrives whole, in frames of any cut the sender likes, empty ones too."""

import hashlib

from support import codec, wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    body = hashlib.sha256(b"seed").digest() * (5 * 2**20 // 32)
    channel.publish("", queue, body, content_type="application/octet-stream")
    message = channel.get(queue)
    wire.check(message.body == body, "the large body came back changed")
    channel.send("basic.publish", routing_key=queue)
    connection = channel.connection
    connection.send_frame(codec.FRAME_HEADER, channel.number, codec.header_payload(6, {}))
    for piece in (b"a", b"", b"bcd", b"e", b"f"):
        connection.send_frame(codec.FRAME_BODY, channel.number, piece)
    wire.equal(channel.get(queue).body, b"abcdef", "body in odd pieces")
