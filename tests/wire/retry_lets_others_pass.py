"""A message that waits for its retry is not ready, and others pass it; then it comes first."""

from support import wire

TERNMQ_ONLY = True  # RabbitMQ has it from 4.3 on.


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True, arguments={
        "x-delayed-retry-type": "all", "x-delayed-retry-min": 300, "x-delivery-limit": 2,
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": (letters := t.name("dead"))})
    channel.queue(letters, exclusive=True)
    for body in ("a", "b"):
        channel.publish("", queue, body)
    first = channel.get(queue, no_ack=False)
    channel.send("basic.nack", delivery_tag=first.tag, requeue=True)
    wire.equal(channel.ready_count(queue), 1, "ready while one waits")
    wire.equal(channel.get(queue).body, b"b", "the next one passes")
    wire.equal(channel.get(queue), None, "the one that waits")
    t.until(lambda: channel.ready_count(queue) == 1, "the retry is due")
    # Failing for good: after the limit it is a dead letter, without a wait.
    channel.consume(queue)
    message = channel.expect_bodies(["a"], redelivered=True)[0]
    channel.send("basic.nack", delivery_tag=message.tag, requeue=True)
    message = channel.expect_bodies(["a"], redelivered=True)[0]
    channel.send("basic.nack", delivery_tag=message.tag, requeue=True)
    t.until(lambda: channel.ready_count(letters) == 1, "the dead letter")
