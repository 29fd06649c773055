"""A heartbeat may stand between the frames of one message."""

from support import codec, wire


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), exclusive=True)
    beat = codec.frame(codec.FRAME_HEARTBEAT, 0, b"")
    channel.connection.send("basic.publish", channel.number, routing_key=queue)
    channel.connection.send_bytes(beat)
    channel.connection.send_frame(2, channel.number, codec.header_payload(4, {}))
    channel.connection.send_bytes(beat)
    channel.connection.send_frame(3, channel.number, b"ab")
    channel.connection.send_bytes(beat)
    channel.connection.send_frame(3, channel.number, b"cd")
    wire.equal(channel.get(queue).body, b"abcd", "body")
