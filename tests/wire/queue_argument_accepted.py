"""Known arguments in range and unknown ones of any type are accepted."""

from support.codec import Field

ROWS = [({"x-message-ttl": 0}, {}), ({"x-expires": Field("l", 60000)}, {}),
        ({"x-max-priority": 0}, {}), ({"x-max-priority": Field("b", 10)}, {}),
        ({"x-max-length": 0, "x-max-length-bytes": Field("l", 1 << 40)}, {}),
        ({"x-overflow": "drop-head"}, {}), ({"x-overflow": "reject-publish"}, {}),
        ({"x-overflow": "reject-publish-dlx"}, {}), ({"x-queue-mode": "lazy"}, {}),
        ({"x-queue-mode": "default"}, {}), ({"x-queue-version": 2}, {}),
        ({"x-queue-type": "classic"}, {}), ({"x-queue-type": "quorum"}, {"durable": True}),
        ({"x-single-active-consumer": True}, {}), ({"x-single-active-consumer": False}, {}),
        ({"x-dead-letter-exchange": "nowhere", "x-dead-letter-routing-key": "k"}, {}),
        ({"my-own": {"nested": [1, "a", None]}, "x-new": Field("T", 5)}, {})]


def run(t):
    channel = t.channel()
    for arguments, flags in ROWS:
        queue = channel.queue(t.name(), arguments=arguments, **flags)
        channel.queue(queue, arguments=arguments, **flags)
        channel.call("queue.delete", queue=queue)
