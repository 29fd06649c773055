"""Unacknowledged messages come back, in order and redelivered, when channel or connection ends."""


def run(t):
    observer = t.channel()
    for end in ("channel", "connection", "socket"):
        queue = observer.queue(t.name())
        for body in "abc":
            observer.publish("", queue, body)
        channel = t.channel()
        channel.consume(queue)
        channel.expect_bodies("abc")
        channel.send("basic.ack", delivery_tag=2)
        if end == "channel":
            channel.close()
        elif end == "connection":
            channel.connection.close()
        else:
            channel.expect_quiet()
            channel.connection.abort()
        t.until(lambda: observer.ready_count(queue) == 2, "both messages are ready")
        reader = t.channel()
        reader.consume(queue, no_ack=True)
        reader.expect_bodies("ac", redelivered=True)
        observer.call("queue.delete", queue=queue)
