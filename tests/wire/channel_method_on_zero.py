"""A channel's method on channel 0 ends the connection: 504."""


def run(t):
    connection = t.connect()
    connection.send("channel.open", 0)
    connection.expect_close(504, "CHANNEL_ERROR - unexpected method in connection state running",
                            20, 10)
