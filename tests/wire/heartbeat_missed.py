"""A client that is silent for two to three intervals is dropped without a close frame."""

import time

from support import codec, wire


def run(t):
    connection = t.connect(heartbeat=1)
    started, beat = time.monotonic(), codec.frame(codec.FRAME_HEARTBEAT, 0, b"")
    try:
        while True:
            wire.equal(connection.take_bytes(8, within=6), beat, "what a silent client is sent")
    except wire.Closed:
        took = time.monotonic() - started
    wire.check(1.5 < took < wire.patience(4.5), f"dropped after {took:.1f} s, not 2 to 3 s")
