"""declare-ok counts ready messages, not unacknowledged ones, and consumers."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), auto_delete=True)
    channel.call("confirm.select")
    for body in "abc":
        channel.publish("", queue, body)
    channel.expect_acks(3)
    channel.send("queue.declare", queue=queue, auto_delete=True)
    channel.expect("queue.declare-ok", queue=queue, message_count=3, consumer_count=0)
    channel.get(queue, no_ack=False)
    channel.send("queue.declare", queue=queue, passive=True)
    channel.expect("queue.declare-ok", queue=queue, message_count=2, consumer_count=0)
    other = t.channel()
    other.consume(queue)
    other.expect_bodies(["b", "c"])
    other.consume(queue)
    channel.send("queue.declare", queue=queue, passive=True)
    channel.expect("queue.declare-ok", message_count=0, consumer_count=2)
    # A passive declare looks at the name only.
    channel.send("queue.declare", queue=queue, passive=True, durable=True,
                 arguments={"x-max-length": 1})
    wire.equal(channel.expect("queue.declare-ok").consumer_count, 2, "consumers")
