"""x-consumer-timeout: who keeps a message too long is cancelled, and its messages return."""

from support import wire

TERNMQ_ONLY = True  # RabbitMQ 3.10 has one timeout for all, and ends the channel.

TEXT = ("PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value "
        "used: 300 ms. This timeout value can be configured, see consumers doc guide to learn "
        "more")


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), arguments={"x-consumer-timeout": 300})
    # A client that can be told is told by basic.cancel; its channel stays open.
    slow = t.channel()
    slow.call("basic.qos", prefetch_count=2)
    tag = slow.consume(queue)
    for body in ("a", "b", "c"):
        channel.publish("", queue, body)
    messages = slow.expect_bodies(["a", "b"])
    slow.expect("basic.cancel", consumer_tag=tag)
    wire.equal(channel.drain(queue), ["a", "b", "c"], "what is back")
    slow.expect_quiet()
    # A late ack is no error: the message was given to somebody else.
    slow.send("basic.ack", delivery_tag=messages[0].tag)
    slow.expect_quiet()

    # Another client loses its channel.
    old = t.connect(capabilities={}).channel()
    old.consume(queue)
    channel.publish("", queue, "d")
    old.expect_bodies(["d"])
    old.expect_error(406, TEXT, 0, 0)
    t.until(lambda: channel.ready_count(queue) == 1, "the message is back")
    wire.equal(channel.get(queue).method.redelivered, True, "redelivered")
    channel.call("queue.delete", queue=queue)
