"""Settling a tag that is not outstanding closes the channel: 406."""

REFUSED = [("basic.ack", {"delivery_tag": 5}, 5, 80), ("basic.ack", {"delivery_tag": 0}, 0, 80),
           ("basic.nack", {"delivery_tag": 5}, 5, 120),
           ("basic.reject", {"delivery_tag": 5}, 5, 90),
           ("basic.ack", {"delivery_tag": 5, "multiple": True}, 5, 80),
           ("basic.ack", {"delivery_tag": 2**63}, 2**63, 80)]


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), auto_delete=True)

    def refused(method, arguments, tag, method_id):
        channel.send(method, **arguments)
        channel.expect_error(406, f"PRECONDITION_FAILED - unknown delivery tag {tag}", 60,
                             method_id)
        channel.reopen()

    t.each(REFUSED, refused)
    # A second ack of the same tag.
    channel.publish("", queue, "a")
    tag = channel.get(queue, no_ack=False).tag
    channel.send("basic.ack", delivery_tag=tag)
    refused("basic.ack", {"delivery_tag": tag}, tag, 80)
    # A delivery without acknowledgement has no tag to ack.
    channel.publish("", queue, "b")
    tag = channel.get(queue, no_ack=True).tag
    refused("basic.ack", {"delivery_tag": tag}, tag, 80)
    # multiple up to a tag that was not given, while an earlier one is outstanding.
    channel.publish("", queue, "c")
    channel.get(queue, no_ack=False)
    refused("basic.ack", {"delivery_tag": 99, "multiple": True}, 99, 80)
    # Not an error: all of nothing.
    channel.send("basic.ack", delivery_tag=0, multiple=True)
    channel.send("basic.nack", delivery_tag=0, multiple=True, requeue=True)
    channel.expect_quiet()
    channel.call("queue.delete", queue=queue)
