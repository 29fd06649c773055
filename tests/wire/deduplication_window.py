"""The window of deduplication is bounded by x-cache-size and by x-cache-ttl."""

from support import wire

TERNMQ_ONLY = True  # Arguments of TernMQ's.


def run(t):
    channel = t.channel()
    small = channel.queue(exclusive=True, arguments={
        "x-message-deduplication": True, "x-cache-size": 2})
    for body in ("a", "b", "c", "b", "a", "c"):
        channel.publish("", small, body, message_id=body)
    # b is known when it comes again; a had to make room, and its coming back pushes out b.
    wire.equal(channel.drain(small), ["a", "b", "c", "a"], "with two keys at most")
    short = channel.queue(exclusive=True, arguments={
        "x-message-deduplication": True, "x-cache-ttl": 300})
    channel.publish("", short, "1", message_id="m")
    channel.publish("", short, "2", message_id="m")
    wire.equal(channel.drain(short), ["1"], "within the window")

    def taken_again():
        channel.publish("", short, "3", message_id="m")
        return channel.drain(short) == ["3"]

    t.until(taken_again, "the key is forgotten after 300 ms")
