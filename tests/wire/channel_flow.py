"""channel.flow active=true is answered with the same; active=false is not implemented: 540."""


def run(t):
    channel = t.channel()
    channel.send("channel.flow", active=True)
    channel.expect("channel.flow-ok", active=True)
    channel.send("channel.flow", active=False)
    channel.connection.expect_close(540, "NOT_IMPLEMENTED - active=false", 20, 20)
