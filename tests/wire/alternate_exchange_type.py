"""alternate-exchange must be a string: 406."""


def run(t):
    channel, exchange = t.channel(), t.name("x")
    channel.send("exchange.declare", exchange=exchange, type="direct",
                 arguments={"alternate-exchange": 1})
    channel.expect_error(
        406, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in "
        f"exchange '{exchange}' in vhost '/'", 40, 10)
