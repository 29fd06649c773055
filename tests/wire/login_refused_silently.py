"""Without authentication_failure_close a wrong password is met with silence, then the end: 3 s."""

import time

from support import wire


def run(t):
    connection = t.connect(handshake="start-ok", password="wrong", capabilities={})
    started = time.monotonic()
    connection.expect_end(within=8)
    wire.check(time.monotonic() - started > 2, "the guesser is made to wait 3 s")
