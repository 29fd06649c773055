"""x-priority-weights: a lower priority gets its share, so that it does not starve."""

from support import wire

TERNMQ_ONLY = True  # An argument of TernMQ's.


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True, arguments={
        "x-max-priority": 1, "x-priority-weights": "1,3"})
    for _ in range(200):
        channel.publish("", queue, "low", priority=0)
        channel.publish("", queue, "high", priority=1)
    first = [channel.get(queue).body.decode() for _ in range(80)]
    wire.equal((first.count("low"), first.count("high")), (20, 60), "shares of the first 80")
    wire.check(all("low" in first[at:at + 5] for at in range(0, 80, 5)), f"uneven: {first}")
    rest = channel.drain(queue)
    wire.equal((rest.count("low"), rest.count("high")), (180, 140), "the rest")
