"""Declarations sent without waiting for answers: answered in order, and what follows sees them."""

QUEUES = 300


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    names = [t.name() for _ in range(QUEUES)]
    for name in names:
        channel.send("queue.declare", queue=name, durable=True)
        channel.send("queue.bind", queue=name, exchange="amq.direct", routing_key=names[-1])
    channel.publish("amq.direct", names[-1], "to all")
    for name in names:
        channel.expect("queue.declare-ok", queue=name, message_count=0, consumer_count=0)
        channel.expect("queue.bind-ok")
    channel.expect_acks(1)
    for name in (names[0], names[-1]):
        channel.send("queue.declare", queue=name, passive=True)
        channel.expect("queue.declare-ok", message_count=1)

    # One that is refused closes the channel behind the answers before it; what follows is not done.
    late = t.name()
    first = t.name()
    channel.send("queue.declare", queue=first)
    channel.send("queue.declare", queue=names[0], durable=False)
    channel.send("queue.declare", queue=late)
    channel.expect("queue.declare-ok", queue=first)
    channel.expect_error(
        406, f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{names[0]}' in vhost "
        "'/': received 'false' but current is 'true'", 50, 10)
    channel = channel.reopen()
    channel.send("queue.declare", queue=late, passive=True)
    channel.expect_error(404, f"NOT_FOUND - no queue '{late}' in vhost '/'", 50, 10)
    channel = channel.reopen()
    for name in [*names, first]:
        channel.send("queue.delete", queue=name, nowait=True)
    channel.call("confirm.select")
