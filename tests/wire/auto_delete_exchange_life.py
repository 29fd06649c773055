"""An auto-delete exchange goes with its last binding: unbound, or its target deleted."""


def run(t):
    channel = t.channel()

    def gone(exchange):
        channel.send("exchange.declare", exchange=exchange, passive=True)
        channel.expect_error(404, f"NOT_FOUND - no exchange '{exchange}' in vhost '/'", 40, 10)
        channel.reopen()

    queue = channel.queue(t.name(), exclusive=True)
    exchange = channel.exchange(t.name("x"), auto_delete=True)
    channel.exchange(exchange, passive=True)
    channel.bind(queue, exchange, "a")
    channel.bind(queue, exchange, "b")
    channel.call("queue.unbind", queue=queue, exchange=exchange, routing_key="a")
    channel.exchange(exchange, passive=True)
    channel.call("queue.unbind", queue=queue, exchange=exchange, routing_key="b")
    gone(exchange)
    exchange = channel.exchange(t.name("x"), auto_delete=True)
    channel.bind(queue, exchange)
    channel.call("queue.delete", queue=queue)
    gone(exchange)
    # A chain: the target exchange goes, and with its binding the source.
    source = channel.exchange(t.name("x"), auto_delete=True)
    target = channel.exchange(t.name("x"), auto_delete=True)
    queue = channel.queue(t.name(), exclusive=True)
    channel.call("exchange.bind", destination=target, source=source)
    channel.bind(queue, target)
    channel.call("queue.delete", queue=queue)
    gone(target)
    gone(source)
