"""A deleted queue takes its bindings along; a new one of the same name starts without any."""

from support import wire


def run(t):
    channel = t.channel()
    exchange = channel.exchange(t.name("x"), "topic")
    queue = channel.queue(t.name())
    channel.bind(queue, exchange, "#")
    channel.publish(exchange, "k", "gone with the queue")
    channel.call("queue.delete", queue=queue)
    channel.queue(queue)
    channel.publish(exchange, "k", "nowhere to go")
    wire.equal(channel.drain(queue), [], "messages of the new queue")
    # The same for an exchange.
    channel.bind(queue, exchange, "#")
    channel.call("exchange.delete", exchange=exchange)
    channel.exchange(exchange, "topic")
    channel.publish(exchange, "k", "nowhere to go")
    wire.equal(channel.drain(queue), [], "messages by the new exchange")
    channel.call("queue.delete", queue=queue)
    channel.call("exchange.delete", exchange=exchange)
