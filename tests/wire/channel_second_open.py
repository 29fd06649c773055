"""channel.open on an open channel ends the connection: 504."""


def run(t):
    channel = t.channel()
    channel.send("channel.open")
    channel.connection.expect_close(504, "CHANNEL_ERROR - second 'channel.open' seen", 20, 10)
