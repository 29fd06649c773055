"""A client that opens channels without end is stopped at channel_max; the memory comes back."""

from support import codec, wire

SECONDS = 90


def run(t):
    witness = t.channel()
    connection = t.connect()
    opened = 0
    try:
        for number in range(1, 3000):
            connection.send("channel.open", number)
            connection.expect("channel.open-ok", number)
            opened = number
    except wire.Failure:
        pass
    wire.equal(opened, 2047, "channels opened")
    witness.expect_quiet()
    # In a burst the end is the same.
    burst = t.connect()
    payload = codec.method_payload("channel.open", {})
    burst.send_bytes(b"".join(codec.frame(1, n, payload) for n in range(1, 2049)))
    for number in range(1, 2048):
        burst.expect("channel.open-ok", number)
    burst.expect_close(530, "NOT_ALLOWED - number of channels opened (2047) has reached the "
                            "negotiated channel_max (2047)")
    # Opening and closing again and again is fine.
    churn = t.connect(channel_max=2)
    for _ in range(3000):
        churn.channel(7).close()
