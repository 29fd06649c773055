"""A connection's method on another channel than 0 ends the connection: 503."""


def run(t):
    channel = t.channel()
    channel.send("connection.open", virtual_host="/")
    channel.connection.expect_close(503, "COMMAND_INVALID - unimplemented method", 10, 40)
