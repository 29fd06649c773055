"""Strings, tables and arrays whose lengths say more than there is are refused as undecodable."""

import struct

from support import codec, wire

HEAD = struct.pack(">HHH", 50, 10, 0) + b"\x01q\0"  # queue.declare up to its table
BIG = b"\xff\xff\xff\xff"
ROWS = [
    (struct.pack(">HHH", 50, 10, 0) + b"\xffq",),
    (HEAD + BIG,),
    (HEAD + struct.pack(">I", 100) + b"\x01aS",),
    (HEAD + struct.pack(">I", 8) + b"\x01aS" + BIG + b"x",),
    (HEAD + struct.pack(">I", 7) + b"\x01aA" + BIG,),
    (HEAD + struct.pack(">I", 7) + b"\x01aF" + BIG,),
    (HEAD + struct.pack(">I", 7) + b"\x01ax" + BIG,),
    (HEAD + struct.pack(">I", 3) + b"\x7fab",),
    (HEAD + struct.pack(">I", 4) + b"\x01al\x01",),
    (HEAD + struct.pack(">I", 3) + b"\x01a?",),
    (HEAD + struct.pack(">I", 11) + b"\x01aA\0\0\0\x04S\0\0\xff",),
]


def run(t):
    witness = t.connect()

    def refused(payload):
        connection = t.connect()
        connection.channel(1)
        connection.send_frame(codec.FRAME_METHOD, 1, payload)
        try:
            close = connection.expect("connection.close")
            wire.check(close.reply_code in (501, 502, 541), f"{close}")
            connection.send("connection.close-ok")
        except wire.Closed:
            pass  # The reference ends some of these without a word.
        else:
            connection.expect_end()
        witness.expect_open()

    t.each(ROWS, refused)
