"""What a user may not do is refused with 403, where and in the words in which RabbitMQ does it."""

import pathlib

from support import wire

DEFINITIONS = pathlib.Path(__file__).parent / "definitions" / "shop.json"
OWN_BROKER = ["--definitions", str(DEFINITIONS)]
# The reference broker is started without definitions.
TERNMQ_ONLY = True

QUEUE, EXCHANGE = "queue", "exchange"
# Method, its arguments, what is refused, and the method's ids.
ROWS = [
    ("queue.declare", {"queue": "q"}, ("configure", QUEUE, "q"), (50, 10)),
    ("queue.delete", {"queue": "theirs"}, ("configure", QUEUE, "theirs"), (50, 40)),
    ("queue.purge", {"queue": "theirs"}, ("read", QUEUE, "theirs"), (50, 30)),
    ("queue.bind", {"queue": "theirs", "exchange": "own"}, ("write", QUEUE, "theirs"), (50, 20)),
    ("queue.bind", {"queue": "own", "exchange": "theirs"}, ("read", EXCHANGE, "theirs"), (50, 20)),
    ("queue.unbind", {"queue": "own", "exchange": "theirs"}, ("read", EXCHANGE, "theirs"),
     (50, 50)),
    ("exchange.declare", {"exchange": "x", "type": "direct"}, ("configure", EXCHANGE, "x"),
     (40, 10)),
    ("exchange.delete", {"exchange": "theirs"}, ("configure", EXCHANGE, "theirs"), (40, 20)),
    ("exchange.bind", {"destination": "theirs", "source": "own"}, ("write", EXCHANGE, "theirs"),
     (40, 30)),
    ("exchange.bind", {"destination": "own", "source": "theirs"}, ("read", EXCHANGE, "theirs"),
     (40, 30)),
    ("basic.get", {"queue": "theirs"}, ("read", QUEUE, "theirs"), (60, 70)),
    ("basic.consume", {"queue": "theirs"}, ("read", QUEUE, "theirs"), (60, 20)),
]


def run(t):
    channel = t.channel(user="ann", password="secret", vhost="shop")
    channel.call("queue.declare", queue="own")
    channel.call("exchange.declare", exchange="own", type="direct")
    channel.call("queue.bind", queue="own", exchange="own", routing_key="k")

    def refused(method, arguments, what, ids):
        access, kind, name = what
        channel.send(method, **arguments)
        channel.expect_error(
            403, f"ACCESS_REFUSED - {access} access to {kind} '{name}' in vhost 'shop' refused "
            "for user 'ann'", *ids)
        channel.reopen()

    t.each(ROWS, refused)
    channel.publish("own", "k", "taken")
    channel.publish("", "own", "taken too")
    channel.publish("theirs", "k", "refused")
    channel.expect_error(
        403, "ACCESS_REFUSED - write access to exchange 'theirs' in vhost 'shop' refused for user "
        "'ann'", 60, 40)
    channel.reopen()
    wire.equal(channel.drain("own"), ["taken", "taken too"], "messages")
