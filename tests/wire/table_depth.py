"""Tables nested a few levels are carried; nested without end they are refused, not followed."""

from support import codec, wire

# RabbitMQ has no limit of depth; TernMQ refuses what would be a stack overflow elsewhere.
TERNMQ_ONLY = True


def nested(depth, as_array):
    value = 1
    for _ in range(depth):
        value = [value] if as_array else {"n": value}
    return {"deep": value}


def encoded(depth, tag, prefix):
    """A table of `depth` levels written from the inside out; codec.table would recurse."""
    raw = b""
    for _ in range(depth):
        raw = prefix + tag + len(raw).to_bytes(4, "big") + raw
    return raw


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    for as_array in (False, True):
        channel.publish("", queue, "x", headers=nested(10, as_array))
        wire.equal(channel.get(queue).headers, nested(10, as_array), "headers of 10 levels")
    for tag, prefix in ((b"F", b"\x01n"), (b"A", b"")):
        connection = t.connect()
        connection.channel(1)
        body = encoded(8000, tag, prefix) if tag == b"F" else (
            b"\x01n" + encoded(8000, tag, prefix))
        raw = (50).to_bytes(2, "big") + (10).to_bytes(2, "big") + b"\0\0\x01q\0"
        connection.send_frame(codec.FRAME_METHOD, 1, raw + len(body).to_bytes(4, "big") + body)
        close = connection.expect("connection.close")
        wire.check(close.reply_code in (501, 502), f"{close}")
    channel.expect_quiet()
