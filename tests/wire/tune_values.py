"""connection.tune proposes 2047 channels, frames of 131072 octets and a heartbeat of 60 s."""

from support import codec, wire


def run(t):
    connection = t.connect(handshake="start-ok")
    wanted = codec.frame(1, 0, b"\0\x0a\0\x1e" + b"\x07\xff" + b"\0\x02\0\0" + b"\0\x3c")
    wire.equal(connection.take_bytes(len(wanted)), wanted, "connection.tune")
    connection.send("connection.tune-ok", channel_max=2047, frame_max=131072, heartbeat=0)
    connection.send("connection.open", virtual_host="/")
    wanted = codec.frame(1, 0, b"\0\x0a\0\x29" + b"\0")
    wire.equal(connection.take_bytes(len(wanted)), wanted, "connection.open-ok")
