"""Requeued messages go back to their old places and come again flagged redelivered."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.call("basic.qos", prefetch_count=4)
    for body in "123456":
        channel.publish("", queue, body)
    tag = channel.consume(queue)
    channel.expect_bodies("1234", redelivered=False)
    channel.call("basic.cancel", consumer_tag=tag)
    channel.send("basic.nack", delivery_tag=2, requeue=True)
    channel.send("basic.nack", delivery_tag=4, multiple=True, requeue=True)
    flags = []
    for body in "123456":
        message = channel.get(queue)
        wire.equal(message.body.decode(), body, "order after the requeue")
        flags.append(message.method.redelivered)
    wire.equal(flags, [True] * 4 + [False] * 2, "redelivered flags")
    # reject with requeue puts back one; without, the message is gone.
    channel.publish("", queue, "a")
    channel.publish("", queue, "b")
    first, second = channel.get(queue, no_ack=False), channel.get(queue, no_ack=False)
    channel.send("basic.reject", delivery_tag=second.tag, requeue=True)
    channel.send("basic.reject", delivery_tag=first.tag, requeue=False)
    message = channel.get(queue)
    wire.equal((message.body, message.method.redelivered), (b"b", True), "requeued message")
    wire.equal(channel.get(queue), None, "the rejected message")
