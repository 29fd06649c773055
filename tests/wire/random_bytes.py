"""Random bytes, at any point of a connection, end that connection and disturb nobody."""

import random

from support import codec, wire

SECONDS = 120


def until_end(connection):
    """Reads whatever comes until the socket ends, answering nothing."""
    try:
        while True:
            connection.take_bytes(1, within=20)
    except wire.Closed:
        pass


def run(t):
    seed = random.randrange(2**32)
    source = random.Random(seed)
    print(f"     random_bytes: seed {seed}")
    witness = t.channel()
    queue = witness.queue(exclusive=True)
    witness.consume(queue, no_ack=True)
    connections = []
    for number in range(90):
        connection = t.connect(handshake=("", "header", "open")[number % 3])
        connections.append(connection)
        junk = source.randbytes(source.randrange(8, 5000))
        if number % 2:  # Well-framed junk goes deeper than junk that is cut at the first length.
            junk = codec.frame(source.choice([1, 2, 3, 8]), source.choice([0, 0, 1]), junk[:200])
        try:
            connection.send_bytes(junk)
            connection.socket.shutdown(1)
        except OSError:
            pass  # Closed while it was still being sent.
        witness.publish("", queue, str(number))
        witness.expect_bodies([str(number)])
    for connection in connections:
        until_end(connection)
