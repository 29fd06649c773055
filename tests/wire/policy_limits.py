"""Policies limit the queues that they match, key by key, and give exchanges an alternate."""

import pathlib

from support import wire

DEFINITIONS = pathlib.Path(__file__).parent / "definitions" / "shop.json"
OWN_BROKER = ["--definitions", str(DEFINITIONS)]
# The reference broker is started without definitions, and merges no policies.
TERNMQ_ONLY = True


def run(t):
    channel = t.channel(vhost="shop")
    for name in ("limited", "unlimited", "limited-refusing"):
        channel.call("queue.declare", queue=name)
        for number in range(4):
            channel.publish("", name, str(number))
    wire.equal(channel.drain("limited"), ["2", "3"], "oldest dropped")
    wire.equal(channel.drain("unlimited"), ["0", "1", "2", "3"], "not matched")
    wire.equal(channel.drain("limited-refusing"), ["0"], "of two policies the first has both keys")

    channel.call("exchange.declare", exchange="spare", type="fanout")
    channel.call("exchange.declare", exchange="leaky", type="direct")
    channel.call("queue.bind", queue="unlimited", exchange="spare")
    channel.publish("leaky", "nobody's", "found")
    wire.equal(channel.drain("unlimited"), ["found"], "alternate exchange by policy")
