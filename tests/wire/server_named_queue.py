"""Names made by the server: amq.gen- and amq.ctag- with 22 characters of base64url."""

import re

from support import wire


def run(t):
    channel = t.channel()
    first, second = channel.queue(exclusive=True), channel.queue(exclusive=True)
    wire.check(first != second, "two server-named queues are different")
    wire.check(re.fullmatch(r"amq\.gen-[A-Za-z0-9_-]{22}", first), f"name {first}")
    tag = channel.consume(first)
    wire.check(re.fullmatch(r"amq\.ctag-[A-Za-z0-9_-]{22}", tag), f"consumer tag {tag}")
    # With nowait the tag is only seen in the deliveries.
    channel.send("basic.consume", queue=second, nowait=True)
    channel.publish("", second, "x")
    tag = channel.expect_message().method.consumer_tag
    wire.check(re.fullmatch(r"amq\.ctag-[A-Za-z0-9_-]{22}", tag), f"consumer tag {tag}")
    # Such a name can be looked up, but not be declared, even by its owner.
    wire.equal(channel.ready_count(first), 0, "ready messages")
    channel.send("queue.declare", queue=first, exclusive=True)
    channel.expect_error(403, f"ACCESS_REFUSED - queue name '{first}' contains reserved prefix "
                         "'amq.*'", 50, 10)
