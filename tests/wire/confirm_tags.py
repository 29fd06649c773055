"""Confirm tags count from 1 per channel; each is confirmed once, in order, in any batching."""


def run(t):
    channel = t.channel()
    durable, transient = t.name(), t.name()
    channel.queue(durable, durable=True)
    channel.queue(transient)
    channel.publish("", durable, "before confirm.select")
    channel.call("confirm.select")
    channel.publish("", durable, "alone", delivery_mode=2)
    channel.expect("basic.ack", delivery_tag=1, multiple=False)
    burst = b"".join(channel.publish_bytes("", durable, str(i), delivery_mode=2)
                     for i in range(20))
    burst += b"".join(channel.publish_bytes("", transient, str(i)) for i in range(20))
    burst += b"".join(channel.publish_bytes("", t.name("nowhere"), str(i)) for i in range(20))
    channel.connection.send_bytes(burst)
    channel._confirmed = {1}
    channel.expect_acks(61)
    channel.expect_quiet()
    channel.send("queue.delete", queue=durable)
    channel.expect("queue.delete-ok", message_count=22)
    channel.send("queue.delete", queue=transient)
    channel.expect("queue.delete-ok", message_count=20)
    second = channel.connection.channel()
    second.call("confirm.select")
    second.publish("", t.name("nowhere"))
    second.expect("basic.ack", delivery_tag=1)
