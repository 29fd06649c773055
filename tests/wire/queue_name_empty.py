"""Queue name "" is the queue last declared on the channel, or 404 when there is none."""

from support import wire

ROWS = [("queue.bind", {"exchange": "amq.direct"}, 50, 20), ("queue.purge", {}, 50, 30),
        ("basic.get", {}, 60, 70), ("basic.consume", {}, 60, 20), ("queue.delete", {}, 50, 40),
        ("queue.unbind", {"exchange": "amq.direct"}, 50, 50)]


def run(t):
    channel = t.channel()

    def refused(method, arguments, class_id, method_id):
        channel.send(method, **arguments)
        channel.expect_error(404, "NOT_FOUND - no previously declared queue", class_id, method_id)
        channel.reopen()

    t.each(ROWS, refused)
    channel.queue(t.name(), exclusive=True)
    last, key = channel.queue(exclusive=True), t.name("key")
    channel.bind("", "amq.direct", key)
    channel.publish("amq.direct", key, "one")
    channel.publish("amq.direct", key, "two")
    wire.equal(channel.get("").body, b"one", "message got")
    channel.send("queue.purge")
    channel.expect("queue.purge-ok", message_count=1)
    channel.consume("")
    channel.send("queue.delete")
    channel.expect("queue.delete-ok", message_count=0)
    channel.expect("basic.cancel")
    channel.send("queue.declare", queue=last, passive=True)
    channel.expect("channel.close", reply_code=404)
