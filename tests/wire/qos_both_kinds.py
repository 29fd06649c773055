"""Limits of both kinds hold together; deliveries without acknowledgement count for neither."""


def run(t):
    channel = t.channel()
    queue, free = channel.queue(exclusive=True), channel.queue(exclusive=True)
    channel.call("basic.qos", prefetch_count=2)
    channel.call("basic.qos", prefetch_count=3, global_=True)
    channel.consume(free, consumer_tag="no-ack", no_ack=True)
    for body in "12345":
        channel.publish("", free, body)
    channel.expect_bodies("12345", consumer_tag="no-ack")
    channel.consume(queue, consumer_tag="one")
    for body in "abcdef":
        channel.publish("", queue, body)
    channel.expect_bodies("ab", consumer_tag="one")
    channel.expect_quiet()
    channel.consume(queue, consumer_tag="two")
    channel.expect_bodies("c", consumer_tag="two")
    channel.expect_quiet()
    channel.send("basic.ack", delivery_tag=6)
    channel.expect_bodies("d")
    channel.expect_quiet()
