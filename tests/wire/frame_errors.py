"""Frames that cannot be what they say end the connection with 501 and show the octets."""

from support import codec

# Raw bytes after the handshake, the text, class id and method id of connection.close.
ROWS = [
    (codec.frame(1, 1, b"\0\x32\0\x0a\0\0\x05ab"),
     "cannot decode <<0,0,5,97,98>>", 50, 10),
    (codec.frame(1, 1, b"\0\x14\0\x28")[:-1] + b"\0",
     "type 1, all octets = <<0,20,0,40>>: {invalid_frame_end_marker,0}", 0, 0),
    (b"\x01\0\x01" + (5000).to_bytes(4, "big") + b"x" * 5000 + b"\xce",
     "type 1, all octets = <<>>: {frame_too_large,5000,4088}", 0, 0),
    (b"\x01\0\x01\xff\xff\xff\xff",
     "type 1, all octets = <<>>: {frame_too_large,4294967295,4088}", 0, 0),
    (codec.frame(9, 1, b""), "type 9, all octets = <<>>: unknown_frame", 0, 0),
    (codec.frame(8, 0, b"x"), "type 8, all octets = <<\"x\">>: unknown_frame", 0, 0),
]


def run(t):
    def refused(raw, text, class_id, method_id):
        connection = t.connect(frame_max=4096)
        connection.channel()
        connection.send_bytes(raw)
        connection.expect_close(501, f"FRAME_ERROR - {text}", class_id, method_id)

    t.each(ROWS, refused)
