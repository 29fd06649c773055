"""x-message-deduplication of a queue: a key that was published before is confirmed and dropped."""

from support import wire

TERNMQ_ONLY = True  # An argument of TernMQ's.


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    queue = channel.queue(exclusive=True, arguments={
        "x-message-deduplication": True, "x-deduplication-header": "key"})
    rows = [("1", {"headers": {"key": "a"}}), ("2", {"headers": {"key": "a"}}),
            ("3", {"headers": {"key": "b"}}), ("4", {"message_id": "m"}),
            ("5", {"message_id": "m"}), ("6", {}), ("7", {}),
            ("8", {"headers": {"key": 5}}), ("9", {"headers": {"key": 5}})]
    for body, properties in rows:
        channel.publish("", queue, body, **properties)
    channel.expect_acks(len(rows))
    wire.equal(channel.drain(queue), ["1", "3", "4", "6", "7", "8"], "what was kept")
    # A key stays known when its message is gone.
    channel.publish("", queue, "again", headers={"key": "a"})
    channel.expect_acks(len(rows) + 1)
    wire.equal(channel.drain(queue), [], "a key whose message was consumed")
