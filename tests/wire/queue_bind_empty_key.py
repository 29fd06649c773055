"""Binding the last declared queue by "" with an empty key binds it under its own name."""

from support import wire


def run(t):
    channel = t.channel()
    exchange = channel.exchange(t.name("x"), auto_delete=True)
    queue = channel.queue(exclusive=True)
    channel.bind("", exchange, "")
    channel.publish(exchange, queue, "by name")
    channel.publish(exchange, "", "by empty key")
    wire.equal(channel.drain(queue), ["by name"], "messages")
    channel.bind(queue, exchange, "")
    channel.publish(exchange, "", "by empty key")
    wire.equal(channel.drain(queue), ["by empty key"], "messages")
