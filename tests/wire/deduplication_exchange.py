"""x-message-deduplication of an exchange: a duplicate reaches no queue, and is confirmed."""

from support import wire

TERNMQ_ONLY = True  # An argument of TernMQ's.


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    exchange = channel.exchange(t.name("x"), "fanout",
                                arguments={"x-message-deduplication": True})
    first, second = channel.queue(exclusive=True), channel.queue(exclusive=True)
    channel.bind(first, exchange)
    channel.bind(second, exchange)
    for body, message_id in (("1", "a"), ("2", "b"), ("3", "a"), ("4", "b"), ("5", "c")):
        channel.publish(exchange, "", body, message_id=message_id)
    channel.expect_acks(5)
    for queue in (first, second):
        wire.equal(channel.drain(queue), ["1", "2", "5"], "what was routed")
    channel.call("exchange.delete", exchange=exchange)
