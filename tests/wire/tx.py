"""tx: publishes and acks wait for commit, rollback forgets them; a failing channel commits
nothing.
"""

from support import wire


def run(t):
    channel, observer = t.channel(), t.channel()
    one, two = (observer.queue(t.name(), durable=True) for _ in range(2))
    channel.call("tx.select")
    channel.publish("", one, "a", delivery_mode=2)
    channel.publish("", two, "b", delivery_mode=2)
    channel.expect_quiet()
    wire.equal((observer.drain(one), observer.drain(two)), ([], []), "before the commit")
    channel.call("tx.commit")
    wire.equal((observer.drain(one), observer.drain(two)), (["a"], ["b"]), "after the commit")
    channel.publish("", one, "forgotten")
    channel.call("tx.rollback")
    channel.call("tx.commit")
    wire.equal(observer.drain(one), [], "after the rollback")

    # Acks: rolled back they are outstanding still, and can be given again.
    for body in "123":
        observer.publish("", one, body)
    t.until(lambda: observer.ready_count(one) == 3, "the messages are ready")
    messages = [channel.get(one, no_ack=False) for _ in range(3)]
    channel.send("basic.ack", delivery_tag=messages[0].tag)
    channel.publish("", two, "with the ack")
    channel.call("tx.rollback")
    channel.send("basic.ack", delivery_tag=messages[0].tag)
    channel.send("basic.nack", delivery_tag=messages[1].tag, requeue=True)
    channel.expect_quiet()
    wire.equal(observer.ready_count(one), 0, "ready before the commit")
    channel.call("tx.commit")
    message = observer.get(one)
    wire.equal((message.body, message.method.redelivered), (b"2", True), "requeued by the commit")
    wire.equal(observer.drain(two), [], "the rolled back publish")

    # The channel goes without a commit: what it had unacknowledged comes back.
    channel.send("basic.ack", delivery_tag=messages[2].tag)
    channel.publish("", two, "never")
    channel.close()
    t.until(lambda: observer.ready_count(one) == 1, "the unsettled message is ready")
    wire.equal(observer.drain(one), ["3"], "unsettled message")
    wire.equal(observer.drain(two), [], "publish without commit")
    for queue in (one, two):
        observer.call("queue.delete", queue=queue)
