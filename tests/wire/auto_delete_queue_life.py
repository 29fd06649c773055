"""An auto-delete queue goes with its last consumer, and not before it had one."""


def run(t):
    channel = t.channel()

    def gone(queue):
        channel.send("queue.declare", queue=queue, passive=True)
        channel.expect_error(404, f"NOT_FOUND - no queue '{queue}' in vhost '/'", 50, 10)
        channel.reopen()

    queue = channel.queue(t.name(), auto_delete=True)
    channel.publish("", queue, "x")
    channel.get(queue)
    other = t.channel()
    first, second = other.consume(queue), other.consume(queue)
    other.call("basic.cancel", consumer_tag=first)
    channel.ready_count(queue)
    other.call("basic.cancel", consumer_tag=second)
    gone(queue)
    # The same when the channel with the last consumer closes.
    queue = channel.queue(t.name(), auto_delete=True)
    third = other.connection.channel()
    third.consume(queue)
    third.close()
    gone(queue)
