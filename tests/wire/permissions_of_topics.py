"""Topic permissions narrow what a user may publish to and bind from a topic exchange: 403."""

import pathlib

DEFINITIONS = pathlib.Path(__file__).parent / "definitions" / "shop.json"
OWN_BROKER = ["--definitions", str(DEFINITIONS)]
# The reference broker is started without definitions.
TERNMQ_ONLY = True


def run(t):
    channel = t.channel(user="ann", password="secret", vhost="shop")
    channel.call("queue.declare", queue="own")
    channel.call("queue.bind", queue="own", exchange="amq.topic", routing_key="shop.#")
    channel.send("queue.bind", queue="own", exchange="amq.topic", routing_key="#")
    channel.expect_error(
        403, "ACCESS_REFUSED - read access to topic '#' in exchange 'amq.topic' in vhost 'shop' "
        "refused for user 'ann'", 50, 20)
    channel.reopen()
    channel.publish("amq.topic", "ann.sold", "fine")
    channel.publish("amq.topic", "bob.sold", "refused")
    channel.expect_error(
        403, "ACCESS_REFUSED - write access to topic 'bob.sold' in exchange 'amq.topic' in vhost "
        "'shop' refused for user 'ann'", 60, 40)
    channel.reopen()
