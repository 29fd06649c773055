"""An unknown exchange type ends the connection: 503."""


def run(t):
    channel = t.channel()
    channel.send("exchange.declare", exchange=t.name("x"), type="spiral")
    channel.connection.expect_close(503, "COMMAND_INVALID - unknown exchange type 'spiral'",
                                    40, 10)
