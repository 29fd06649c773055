"""After a restart durable exchanges, queues, bindings and persistent messages are there; others
not.
"""

from support import wire

SECONDS = 150
OWN_BROKER = []


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    channel.exchange("kept-x", "topic", durable=True, arguments={"alternate-exchange": "kept-y"})
    channel.exchange("kept-y", "fanout", durable=True)
    channel.exchange("lost-x", "topic")
    channel.call("exchange.bind", destination="kept-y", source="kept-x", routing_key="to.y")
    channel.queue("kept", durable=True, arguments={"x-max-length": 1000, "own": "b"})
    channel.queue("lost")
    for queue in ("kept", "lost"):
        channel.bind(queue, "kept-x", "a.*")
    channel.bind("kept", "lost-x", "a.*")
    channel.bind("kept", "kept-y")
    for number in range(20):
        mode = {"delivery_mode": 2} if number % 2 == 0 else {}
        channel.publish("kept-x", "a.b", str(number), message_id=f"m{number}", **mode)
    channel.expect_acks(20)
    messages = [channel.get("kept", no_ack=False) for _ in range(6)]
    channel.send("basic.ack", delivery_tag=messages[0].tag)
    channel.expect_quiet()
    t.server.restart()

    channel = t.channel()
    channel.exchange("kept-x", "topic", durable=True, arguments={"alternate-exchange": "kept-y"})
    channel.queue("kept", durable=True, arguments={"x-max-length": 1000, "own": "b"})
    found = [channel.get("kept") for _ in range(9)]
    wire.equal([message.body.decode() for message in found],
               ["2", "4", "6", "8", "10", "12", "14", "16", "18"], "persistent messages")
    wire.equal([m.method.redelivered for m in found], [True] * 2 + [False] * 7, "redelivered")
    wire.equal(found[0].properties["message_id"], "m2", "a property")
    wire.equal(channel.get("kept"), None, "one message more")
    channel.publish("kept-x", "a.b", "bound")
    channel.publish("kept-x", "to.y", "through the other exchange")
    channel.publish("kept-x", "unknown", "by the alternate exchange")
    wire.equal(channel.drain("kept"),
               ["bound", "through the other exchange", "by the alternate exchange"], "routed")
    for kind, name in (("queue", "lost"), ("exchange", "lost-x")):
        channel.send(f"{kind}.declare", **{kind: name, "passive": True})
        wire.equal(channel.expect("channel.close").reply_code, 404, f"{kind} {name}")
        channel.send("channel.close-ok")
        channel.reopen()
