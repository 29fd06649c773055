"""Clients may not publish to an internal exchange: 403; bindings lead messages through it."""

from support import wire


def run(t):
    channel = t.channel()
    inside = channel.exchange(t.name("x"), "fanout", internal=True)
    outside = channel.exchange(t.name("x"), "fanout", auto_delete=True)
    queue = channel.queue(exclusive=True)
    channel.bind(queue, inside)
    channel.call("exchange.bind", destination=inside, source=outside)
    channel.publish(outside, "", "through")
    wire.equal(channel.drain(queue), ["through"], "messages")
    channel.publish(inside, "", "refused")
    channel.expect_error(
        403, f"ACCESS_REFUSED - cannot publish to internal exchange '{inside}' in vhost '/'", 60,
        40)
    channel.reopen().call("exchange.delete", exchange=inside)
