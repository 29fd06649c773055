"""Redeclaring an exchange with other properties closes the channel: 406 naming the difference."""

ROWS = [({}, {"type": "fanout"}, "type", "'fanout'", "'direct'"),
        ({}, {"durable": True}, "durable", "'true'", "'false'"),
        ({}, {"auto_delete": True}, "auto_delete", "'true'", "'false'"),
        ({"internal": True}, {}, "internal", "'false'", "'true'"),
        ({"arguments": {"alternate-exchange": "a"}}, {"arguments": {"alternate-exchange": "b"}},
         "alternate-exchange", "'b'", "'a'"),
        ({}, {"arguments": {"alternate-exchange": "b"}},
         "alternate-exchange", "the value 'b' of type 'longstr'", "none")]


def run(t):
    channel = t.channel()

    def refused(first, second, what, received, current):
        exchange = t.name("x")
        channel.call("exchange.declare", exchange=exchange, **{"type": "direct", **first})
        channel.call("exchange.declare", exchange=exchange, **{"type": "direct", **first})
        channel.send("exchange.declare", exchange=exchange, **{"type": "direct", **second})
        channel.expect_error(
            406, f"PRECONDITION_FAILED - inequivalent arg '{what}' for exchange '{exchange}' in "
            f"vhost '/': received {received} but current is {current}", 40, 10)
        channel.reopen().call("exchange.delete", exchange=exchange)

    t.each(ROWS, refused)
