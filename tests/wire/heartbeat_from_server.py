"""While idle the server sends a heartbeat each half of the negotiated interval, as exact bytes."""

import time

from support import codec, wire


def run(t):
    connection = t.connect(heartbeat=2)
    started = time.monotonic()
    for _ in range(3):
        raw = connection.take_bytes(8, within=4)
        wire.equal(raw, codec.frame(codec.FRAME_HEARTBEAT, 0, b""), "heartbeat frame")
    took = time.monotonic() - started
    wire.check(took < wire.patience(5), f"3 heartbeats took {took:.1f} s")
    connection.expect_open()
