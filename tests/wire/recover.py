"""basic.recover requeues all that the channel has unacknowledged; recover-async has no answer."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    for body in "abc":
        channel.publish("", queue, body)
    for _ in range(3):
        channel.get(queue, no_ack=False)
    channel.call("basic.recover", requeue=True)
    wire.equal([channel.get(queue, no_ack=False).method.redelivered for _ in range(3)],
               [True] * 3, "redelivered")
    channel.send("basic.recover-async", requeue=True)
    messages = [channel.get(queue, no_ack=False) for _ in range(3)]
    wire.equal([message.body for message in messages], [b"a", b"b", b"c"], "bodies")
    wire.equal([message.tag for message in messages], [7, 8, 9], "tags go on")
    # A running consumer gets them again.
    channel.consume(queue)
    channel.send("basic.recover", requeue=True)
    channel.expect("basic.recover-ok")
    channel.expect_bodies("abc", redelivered=True)
