"""A closed channel's number can be opened again, closed by either side; state starts anew."""

from support import wire


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    channel.queue(t.name(), exclusive=True)
    channel.close()
    channel.reopen()
    channel.publish("", t.name("nowhere"), "not confirmed")
    channel.expect_quiet()
    channel.send("queue.bind", queue="", exchange="amq.direct")
    channel.expect_error(404, "NOT_FOUND - no previously declared queue", 50, 20)
    channel.reopen()
    channel.call("confirm.select")
    channel.publish("", t.name("nowhere"), "tags begin at 1 again")
    wire.equal(channel.expect("basic.ack").delivery_tag, 1, "first tag of the reopened channel")
