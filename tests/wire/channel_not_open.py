"""A method on a channel that is not open ends the connection: 504 with the method's ids."""

from support import codec

ROWS = [("queue.declare", 50, 10), ("basic.publish", 60, 40), ("basic.ack", 60, 80),
        ("exchange.declare", 40, 10), ("tx.commit", 90, 20), ("confirm.select", 85, 10),
        ("channel.flow", 20, 20)]


def run(t):
    def refused(name, class_id, method_id):
        connection = t.connect()
        connection.send(name, 3)
        if name == "basic.publish":  # Looked at when the whole message is there.
            connection.send_frame(codec.FRAME_HEADER, 3, codec.header_payload(0, {}))
        connection.expect_close(504, "CHANNEL_ERROR - expected 'channel.open'", class_id,
                                method_id)

    t.each(ROWS, refused)
