"""More body than the header said ends the connection; a huge size that never comes costs
nothing.
"""

from support import codec, wire


def start(t, size):
    channel = t.channel()
    channel.send("basic.publish", routing_key="nowhere")
    channel.connection.send_frame(codec.FRAME_HEADER, channel.number,
                                  codec.header_payload(size, {}))
    return channel.connection


def run(t):
    connection = start(t, 4)
    connection.send_frame(codec.FRAME_BODY, 1, b"abcdef")
    if not t.is_reference:  # The reference waits for ever for the rest of less than nothing.
        close = connection.expect("connection.close")
        wire.check(close.reply_code in (501, 505), f"{close}")
    # Larger than any limit: refused; or it waits for the body, without memory set aside for it.
    waiting = [start(t, 2**60) for _ in range(5)]
    for connection in waiting:
        try:
            connection.send_frame(codec.FRAME_BODY, 1, b"x" * 1000)
        except OSError:
            pass
    t.connect().expect_open()
