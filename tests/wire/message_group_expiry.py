"""A message that expires behind another of its group leaves, and the group goes on after it."""

TERNMQ_ONLY = True  # An argument of TernMQ's.


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True, arguments={"x-message-group": "g"})
    channel.consume(queue)
    for body, properties in (("1", {}), ("2", {"expiration": "100"}), ("3", {})):
        channel.publish("", queue, body, headers={"g": 7}, **properties)
    message = channel.expect_bodies(["1"])[0]
    t.until(lambda: channel.ready_count(queue) == 1, "the second one has expired")
    channel.send("basic.ack", delivery_tag=message.tag)
    message = channel.expect_bodies(["3"])[0]
    channel.send("basic.ack", delivery_tag=message.tag)
    channel.expect_quiet()
