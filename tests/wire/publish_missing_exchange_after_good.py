"""What was published before the failing message on the same channel is routed."""

from support import wire


def run(t):
    channel, missing = t.channel(), t.name("x")
    queue = channel.queue(t.name(), durable=True)
    channel.publish("", queue, "good")
    channel.publish(missing, "key", "lost")
    channel.publish("", queue, "ignored")
    channel.expect_error(404, f"NOT_FOUND - no exchange '{missing}' in vhost '/'", 60, 40)
    channel.reopen()
    wire.equal(channel.drain(queue), ["good"], "messages in the queue")
    channel.call("queue.delete", queue=queue)
