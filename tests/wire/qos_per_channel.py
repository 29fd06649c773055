"""qos global=true limits the whole channel, at once and for consumers that run; raising it
delivers.
"""


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.call("basic.qos", prefetch_count=3, global_=True)
    channel.consume(queue, consumer_tag="one")
    channel.consume(queue, consumer_tag="two")
    for body in "abcdefgh":
        channel.publish("", queue, body)
    channel.expect_bodies("abc")
    channel.expect_quiet()
    channel.send("basic.ack", delivery_tag=1)
    channel.expect_bodies("d")
    channel.expect_quiet()
    channel.send("basic.qos", prefetch_count=5, global_=True)
    channel.expect("basic.qos-ok")
    channel.expect_bodies("ef")
    channel.expect_quiet()
    # Lowered while more are outstanding: nothing until there is room again.
    channel.call("basic.qos", prefetch_count=2, global_=True)
    channel.send("basic.ack", delivery_tag=4, multiple=True)
    channel.expect_quiet()
    channel.send("basic.ack", delivery_tag=5)
    channel.expect_bodies("g")
    channel.expect_quiet()
    channel.call("basic.qos", prefetch_count=0, global_=True)
    channel.expect_bodies("h")
