"""Frames in a wrong order end the connection with 505."""

from support import codec

PUBLISH = codec.frame(1, 1, codec.method_payload("basic.publish", {"routing_key": "x"}))
DECLARE = codec.frame(1, 1, codec.method_payload("queue.declare", {}))
HEADER = codec.frame(2, 1, codec.header_payload(4, {}))
DUE = "expected content header for class 60, got "
BODY_DUE = "expected content body, got non content body frame instead"
NO_METHOD = "expected method frame, got non method frame instead"

ROWS = [
    (codec.frame(8, 1, b""), "type 8, all octets = <<>>", 0, 0),
    (codec.frame(3, 1, b"abc"), NO_METHOD, 0, 0),
    (HEADER, NO_METHOD, 0, 0),
    (PUBLISH + DECLARE, DUE + "non content header frame instead", 60, 40),
    (PUBLISH + codec.frame(3, 1, b"abc"), DUE + "non content header frame instead", 60, 40),
    (PUBLISH + codec.frame(2, 1, codec.header_payload(0, {}, class_id=50)),
     DUE + "one for class 50 instead", 60, 40),
    (PUBLISH + HEADER + DECLARE, BODY_DUE, 60, 40),
    (PUBLISH + HEADER + HEADER, BODY_DUE, 60, 40),
]


def run(t):
    def refused(raw, text, class_id, method_id):
        connection = t.connect()
        connection.channel(1)
        connection.send_bytes(raw)
        connection.expect_close(505, f"UNEXPECTED_FRAME - {text}", class_id, method_id)

    t.each(ROWS, refused)
