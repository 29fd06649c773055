"""In a transaction an unroutable mandatory message is returned at the commit, before commit-ok."""

from support import wire


def run(t):
    channel = t.channel()
    channel.call("tx.select")
    channel.publish("", t.name("nowhere"), "x", mandatory=True)
    channel.send("tx.commit")
    message = channel.expect_message("basic.return", reply_code=312)
    wire.equal(message.body, b"x", "returned body")
    channel.expect("tx.commit-ok")
    # A missing exchange is noticed at once, not at the commit.
    missing, queue = t.name("x"), channel.queue(exclusive=True)
    channel.publish("", queue, "lost with the channel")
    channel.publish(missing, "k")
    channel.expect_error(404, f"NOT_FOUND - no exchange '{missing}' in vhost '/'", 60, 40)
    channel.reopen()
    wire.equal(channel.drain(queue), [], "published without a commit")
