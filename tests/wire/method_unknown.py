"""An unknown class or method id: the socket is closed without a frame."""

from support import codec


def run(t):
    for ids in (b"\0\x32\0\x63", b"\0\x63\0\x0a", b"\xff\xff\xff\xff"):
        connection = t.connect()
        connection.channel(1)
        connection.send_frame(codec.FRAME_METHOD, 1, ids)
        connection.expect_end()
