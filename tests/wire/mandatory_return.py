"""Unroutable and mandatory: return 312 with the message, then the ack; not mandatory: the ack."""

from support import wire


def run(t):
    channel = t.channel()
    channel.publish("amq.direct", "lost key", "no confirm", mandatory=True, app_id="me")
    message = channel.expect_message("basic.return", reply_code=312, reply_text="NO_ROUTE",
                                     exchange="amq.direct", routing_key="lost key")
    wire.equal((message.body, message.properties), (b"no confirm", {"app_id": "me"}), "message")
    channel.publish("amq.direct", "lost key", "silently dropped")
    channel.expect_quiet()
    channel.call("confirm.select")
    channel.publish("", t.name("nowhere"), "dropped and confirmed")
    channel.expect("basic.ack", delivery_tag=1, multiple=False)
    missing = t.name("nowhere")
    channel.connection.send_bytes(b"".join(
        channel.publish_bytes("", missing, str(i), mandatory=True) for i in range(4)))
    for number in range(4):
        message = channel.expect_message("basic.return", reply_code=312, routing_key=missing)
        wire.equal(message.body.decode(), str(number), "returned body")
        channel.expect("basic.ack", delivery_tag=number + 2, multiple=False)
    queue = channel.queue(exclusive=True)
    channel.publish("", queue, "routed", mandatory=True)
    channel.expect("basic.ack", delivery_tag=6)
