"""connection.close is answered with close-ok and the socket is left to the client; while the server
waits for close-ok itself, other frames are ignored.
"""

from support import codec, wire


def run(t):
    connection = t.connect()
    connection.send("connection.close", reply_code=200, reply_text="bye")
    wanted = codec.frame(1, 0, b"\0\x0a\0\x33")
    wire.equal(connection.take_bytes(len(wanted)), wanted, "connection.close-ok")
    # The client closes the socket: one that is closed under it takes that for an error.
    try:
        connection.take_bytes(1, within=1)
    except wire.Closed:
        raise
    except wire.Failure:
        pass  # Nothing came, as it should be.
    connection.abort()
    connection = t.connect()
    connection.send("queue.declare", 9)
    connection.expect("connection.close", reply_code=504)
    connection.send("channel.open", 1)
    connection.send("queue.declare", 1)
    connection.send("connection.close-ok")
    connection.expect_end()
