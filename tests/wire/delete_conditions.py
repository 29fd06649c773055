"""delete with if-empty or if-unused is refused with 406 while there is something to lose."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name())
    channel.publish("", queue, "kept")
    channel.call("queue.declare", queue=queue, passive=True)
    t.until(lambda: channel.ready_count(queue) == 1, "the message is ready")
    channel.send("queue.delete", queue=queue, if_empty=True)
    channel.expect_error(406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' not empty", 50,
                         40)
    channel.reopen()
    other = t.channel()
    tag = other.consume(queue)
    other.expect_message()
    channel.send("queue.delete", queue=queue, if_unused=True)
    channel.expect_error(406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' in use", 50, 40)
    channel.reopen()
    other.send("basic.cancel", consumer_tag=tag)
    other.expect("basic.cancel-ok")
    other.send("basic.nack", delivery_tag=1, requeue=True)
    other.expect_quiet()
    t.until(lambda: channel.ready_count(queue) == 1, "the message is ready again")
    channel.send("queue.delete", queue=queue, if_unused=True)
    channel.expect("queue.delete-ok", message_count=1)

    exchange, bound = channel.exchange(t.name("x"), "fanout"), channel.queue(exclusive=True)
    channel.bind(bound, exchange)
    channel.send("exchange.delete", exchange=exchange, if_unused=True)
    channel.expect_error(406, f"PRECONDITION_FAILED - exchange '{exchange}' in vhost '/' in use",
                         40, 20)
    channel.reopen()
    channel.call("queue.unbind", queue=bound, exchange=exchange)
    channel.call("exchange.delete", exchange=exchange, if_unused=True)
    channel.send("exchange.declare", exchange=exchange, passive=True)
    wire.equal(channel.expect("channel.close").reply_code, 404, "passive declare after delete")
