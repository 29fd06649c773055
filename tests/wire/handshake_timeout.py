"""A client that stops in the middle of the handshake is dropped after the handshake timeout."""

SECONDS = 60


def run(t):
    silent = t.connect(handshake="")
    half = t.connect(handshake="")
    half.send_bytes(b"AMQ")
    started = t.connect(handshake="header")
    logged_in = t.connect(handshake="start-ok")
    logged_in.expect("connection.tune")
    for connection in (silent, half, started):
        connection.expect_end(within=16)
    # The reference lets a client that has logged in wait for ever; TernMQ does not.
    if not t.is_reference:
        logged_in.expect_end(within=16)
