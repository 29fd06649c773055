"""After the server's channel.close all frames of that channel but close-ok are ignored."""

from support import wire


def run(t):
    channel = t.channel()
    queue = t.name()
    channel.queue(queue, durable=True)
    channel.send("queue.declare", queue=t.name("missing"), passive=True)
    channel.publish("", queue, "ignored")
    channel.send("queue.delete", queue=queue)
    channel.expect("channel.close", reply_code=404)
    channel.publish("", queue, "ignored too")
    channel.send("channel.close-ok")
    channel.reopen()
    wire.equal(channel.ready_count(queue), 0, "messages published to the closing channel")
    channel.call("queue.delete", queue=queue)
