"""x-delivery-count survives kill -9, and so the limit holds over it, on every kind of queue."""

from support import wire

TERNMQ_ONLY = True  # RabbitMQ has no limit on classic queues.
OWN_BROKER = []
SECONDS = 60


def give_back(t, channel, queue):
    message = channel.get(queue, no_ack=False)
    wire.check(message is not None, f"{queue} is empty")
    channel.send("basic.nack", delivery_tag=message.tag, requeue=True)
    t.until(lambda: channel.ready_count(queue) == 1, "it is back")
    return message.headers.get("x-delivery-count", 0)


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    channel.queue("letters", durable=True)
    for kind in ("classic", "quorum"):
        channel.queue(kind, durable=True, arguments={
            "x-queue-type": kind, "x-delivery-limit": 3,
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "letters"})
    for kind in ("classic", "quorum"):
        channel.publish("", kind, kind, delivery_mode=2)
    channel.expect_acks(2)
    for kind in ("classic", "quorum"):
        for _ in range(2):
            give_back(t, channel, kind)
    # A message that is confirmed later was stored later: what is before it is stored as well.
    channel.publish("", "letters", "mark", delivery_mode=2)
    channel.expect_acks(3)
    channel.drain("letters")
    t.server.restart(hard=True)

    channel = t.channel()
    # That the mark was taken may not have been written.
    channel.drain("letters")
    for kind in ("classic", "quorum"):
        count = give_back(t, channel, kind)
        wire.equal(count, 2, f"x-delivery-count of {kind}")
        message = channel.get(kind, no_ack=False)
        channel.send("basic.nack", delivery_tag=message.tag, requeue=True)
        t.until(lambda: channel.ready_count("letters") == 1, f"{kind}: the limit is reached")
        letter = channel.get("letters")
        wire.equal((letter.body.decode(), letter.headers["x-death"][0]["reason"]),
                   (kind, "delivery_limit"), "dead letter")
