"""Redeclaring a queue with other properties closes the channel: 406 naming the difference."""

FLAGS = [({}, {"durable": True}, "durable", "true", "false"),
         ({"durable": True}, {}, "durable", "false", "true"),
         ({}, {"auto_delete": True}, "auto_delete", "true", "false"),
         ({"auto_delete": True, "durable": True}, {"durable": True}, "auto_delete", "false",
          "true")]


def run(t):
    channel = t.channel()

    def refused(first, second, what, received, current):
        queue = channel.queue(t.name(), **first)
        channel.queue(queue, **first)
        channel.send("queue.declare", queue=queue, **second)
        channel.expect_error(
            406, f"PRECONDITION_FAILED - inequivalent arg '{what}' for queue '{queue}' in vhost "
            f"'/': received '{received}' but current is '{current}'", 50, 10)
        channel.reopen().call("queue.delete", queue=queue)

    t.each(FLAGS, refused)
