"""CC and BCC are further routing keys; BCC is not shown to the receivers."""

from support import wire


def run(t):
    channel = t.channel()
    to, copy, blind = (channel.queue(exclusive=True) for _ in range(3))
    headers = {"CC": [copy, to], "BCC": [blind], "other": 1}
    channel.publish("", to, "x", headers=headers)
    for queue in (to, copy, blind):
        message = channel.get(queue)
        wire.equal(message.headers, {"CC": [copy, to], "other": 1}, "headers")
        wire.equal(message.method.routing_key, to, "routing key")
        wire.equal(channel.get(queue), None, "a second copy")
    channel.call("confirm.select")
    channel.publish("", "nowhere at all", "y", mandatory=True, headers={"BCC": [blind]})
    channel.expect("basic.ack")
    wire.equal(channel.get(blind).headers, {}, "headers")
    # On a topic exchange each of them is matched like the routing key.
    topic = t.name("t")
    channel.bind(to, "amq.topic", topic + ".*")
    channel.publish("amq.topic", "zzz", "z", headers={"CC": ["a", topic + ".b"]})
    channel.expect("basic.ack")
    wire.equal(channel.drain(to), ["z"], "routed by CC on a topic exchange")
