"""tune-ok within the offered range is taken; outside it the socket is closed without a word."""

TAKEN = [(1, 4096, 0), (2047, 131072, 60), (10, 8192, 65535)]
REFUSED = [(0, 131072, 0), (2048, 131072, 0), (2047, 4095, 0), (2047, 131073, 0)]


def run(t):
    def answer(channel_max, frame_max, heartbeat):
        connection = t.connect(handshake="start-ok")
        connection.expect("connection.tune")
        connection.send("connection.tune-ok", channel_max=channel_max, frame_max=frame_max,
                        heartbeat=heartbeat)
        return connection

    def taken(*values):
        connection = answer(*values)
        connection.send("connection.open", virtual_host="/")
        connection.expect("connection.open-ok")
        connection.expect_open()

    def refused(*values):
        answer(*values).expect_end(within=8)

    t.each(TAKEN, taken)
    t.each(REFUSED, refused)
