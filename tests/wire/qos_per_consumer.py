"""qos global=false limits each consumer begun afterwards; 0 is no limit; get is not limited."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.call("basic.qos", prefetch_count=2)
    channel.consume(queue, consumer_tag="first")
    for body in "abcdefg":
        channel.publish("", queue, body)
    channel.expect_bodies("ab", consumer_tag="first")
    channel.expect_quiet()
    channel.call("basic.qos", prefetch_count=1)
    channel.consume(queue, consumer_tag="second")
    channel.expect_bodies("c", consumer_tag="second")
    channel.expect_quiet()
    # An ack makes room for the consumer whose delivery it was.
    channel.send("basic.ack", delivery_tag=3)
    channel.expect_bodies("d", consumer_tag="second")
    channel.send("basic.ack", delivery_tag=1)
    channel.expect_bodies("e", consumer_tag="first")
    channel.expect_quiet()
    wire.equal(channel.get(queue, no_ack=False).body, b"f", "get is not limited")
    channel.call("basic.qos", prefetch_count=0)
    channel.consume(queue, consumer_tag="third")
    for body in "hijk":
        channel.publish("", queue, body)
    channel.expect_bodies("ghijk", consumer_tag="third")
