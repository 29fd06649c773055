"""basic.get and purge on the publishing channel see what it has just published."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    for number in range(50):
        channel.connection.send_bytes(channel.publish_bytes("", queue, str(number)))
        message = channel.get(queue)
        wire.check(message is not None, f"message {number} is not there yet")
        wire.equal(message.body.decode(), str(number), "body")
    for number in range(50):
        channel.publish("", queue, "x")
        channel.send("queue.purge", queue=queue)
        channel.expect("queue.purge-ok", message_count=1)
