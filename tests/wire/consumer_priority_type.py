"""x-priority must be an integer: 406."""

ROWS = [("a", "longstr"), (True, "bool"), (1.5, "double")]


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), auto_delete=True)

    def refused(value, kind):
        channel.send("basic.consume", queue=queue, arguments={"x-priority": value})
        channel.expect_error(
            406, f"PRECONDITION_FAILED - invalid arg 'x-priority' for queue '{queue}' in vhost "
            f"'/': \"expected integer, got {kind}\"", 60, 20)
        channel.reopen()

    t.each(ROWS, refused)
