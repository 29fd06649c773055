"""A connection that ends in the middle of anything leaves nothing behind and disturbs nobody."""

from support import wire


def run(t):
    witness = t.channel()
    queue = witness.queue(t.name())
    whole = None
    position, step = 1, 7
    while whole is None or position < len(whole):
        connection = t.connect()
        channel = connection.channel()
        whole = channel.publish_bytes("", queue, "half a message", headers={"a": "b"})
        connection.send_bytes(whole[:position])
        connection.abort()
        position += step
    # Half a message is no message; the queue takes whole ones as before.
    witness.publish("", queue, "whole")
    wire.equal(witness.drain(queue), ["whole"], "messages")
    witness.call("queue.delete", queue=queue)
