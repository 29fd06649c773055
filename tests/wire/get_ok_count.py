"""get-ok's message-count is what is left ready after this one."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    wire.equal(channel.get(queue), None, "an empty queue")
    for body in "abc":
        channel.publish("", queue, body)
    counts = [channel.get(queue, no_ack=False).method.message_count for _ in range(3)]
    wire.equal(counts, [2, 1, 0], "message-count")
    channel.send("basic.nack", delivery_tag=2, requeue=True)
    message = channel.get(queue)
    wire.equal((message.tag, message.method.message_count, message.method.redelivered),
               (4, 0, True), "requeued message")
