"""Any frame from the client, a heartbeat or not, keeps the connection; 0 turns heartbeats off."""

import time

from support import codec, wire


def run(t):
    silent = t.connect(heartbeat=0)
    busy, beating = t.connect(heartbeat=1), t.connect(heartbeat=1)
    channel = busy.channel()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        channel.expect_quiet()
        beating.send_frame(codec.FRAME_HEARTBEAT, 0, b"")
        kind = beating.next_frame(within=2).kind  # Paces the loop: one each half second.
        wire.equal(kind, codec.FRAME_HEARTBEAT, "frame type")
    for connection in (silent, busy, beating):
        connection.expect_open()
    wire.check(not silent._waiting[0], "a heartbeat came though 0 was negotiated")
