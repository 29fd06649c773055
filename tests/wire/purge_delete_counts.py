"""purge-ok and delete-ok count the ready messages removed; unacknowledged ones stay until
settled.
"""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name())
    for body in "abcd":
        channel.publish("", queue, body)
    tag = channel.get(queue, no_ack=False).tag
    channel.send("queue.purge", queue=queue)
    channel.expect("queue.purge-ok", message_count=3)
    channel.send("basic.nack", delivery_tag=tag, requeue=True)
    message = channel.get(queue, no_ack=False)
    wire.equal((message.body, message.method.redelivered), (b"a", True), "message got again")
    channel.send("queue.purge", queue=queue)
    channel.expect("queue.purge-ok", message_count=0)
    channel.publish("", queue, "e")
    channel.publish("", queue, "f")
    channel.send("queue.delete", queue=queue)
    channel.expect("queue.delete-ok", message_count=2)
    # The unacknowledged one went with the queue; settling it is still fine.
    channel.send("basic.ack", delivery_tag=message.tag)
    channel.expect_quiet()
