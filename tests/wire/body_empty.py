"""An empty body is a header frame of size 0 and no body frame, byte for byte."""

from support import codec, wire


def run(t):
    channel = t.channel()
    queue = channel.queue("e-" + t.name()[-6:], exclusive=True)
    channel.publish("", queue)
    channel.send("basic.get", queue=queue, no_ack=True)
    name = queue.encode()
    wanted = codec.frame(1, 1, b"\0\x3c\0\x47" + (1).to_bytes(8, "big") + b"\0" + b"\0"
                         + bytes([len(name)]) + name + b"\0\0\0\0")
    wanted += codec.frame(2, 1, b"\0\x3c\0\0" + bytes(8) + b"\0\0")
    wire.equal(channel.connection.take_bytes(len(wanted)), wanted, "get-ok and its header")
    channel.send("basic.get", queue=queue, no_ack=True)
    wanted = codec.frame(1, 1, b"\0\x3c\0\x48\0")
    wire.equal(channel.connection.take_bytes(len(wanted)), wanted, "get-empty")
