"""connection.close is answered with close-ok; nothing else follows, and other frames are
ignored.
"""

from support import codec, wire


def run(t):
    connection = t.connect()
    connection.send("connection.close", reply_code=200, reply_text="bye")
    wanted = codec.frame(1, 0, b"\0\x0a\0\x33")
    wire.equal(connection.take_bytes(len(wanted)), wanted, "connection.close-ok")
    connection.abort()
    connection = t.connect()
    connection.send("queue.declare", 9)
    connection.expect("connection.close", reply_code=504)
    connection.send("channel.open", 1)
    connection.send("queue.declare", 1)
    connection.send("connection.close-ok")
    connection.expect_end()
