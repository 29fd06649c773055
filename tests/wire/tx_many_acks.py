"""A transaction with multiple acks over several queues settles them all at its commit."""

from support import wire


def run(t):
    observer, channel = t.channel(), t.channel()
    queues = [observer.queue(t.name(), auto_delete=True) for _ in range(4)]
    channel.call("tx.select")
    for queue in queues:
        channel.consume(queue)
    for number in range(100):
        observer.publish("", queues[number % 4], str(number))
    bodies = sorted(int(channel.expect_message().body) for _ in range(100))
    wire.equal(bodies, list(range(100)), "deliveries")
    channel.send("basic.ack", delivery_tag=60, multiple=True)
    channel.send("basic.nack", delivery_tag=70, multiple=True, requeue=False)
    channel.call("tx.commit")
    channel.send("basic.ack", delivery_tag=0, multiple=True)
    channel.call("tx.rollback")
    channel.call("tx.commit")
    spare = [observer.consume(queue) for queue in queues]
    wire.equal(len(spare), 4, "consumers that keep the queues")
    channel.close()
    left = [observer.expect_message(redelivered=True) for _ in range(30)]
    wire.equal(len(left), 30, "messages that were not settled")
    observer.expect_quiet()
