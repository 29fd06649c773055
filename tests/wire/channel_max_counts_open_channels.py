"""channel_max limits how many channels are open, not their numbers; one more ends it: 530."""


def run(t):
    connection = t.connect(channel_max=5)
    for number in (1, 2047, 77, 600, 3):
        channel = connection.channel(number)
    channel.close()
    connection.channel(4)
    connection.send("channel.open", 9)
    connection.expect_close(
        530, "NOT_ALLOWED - number of channels opened (5) has reached the negotiated "
        "channel_max (5)")
