"""A message group goes on when its consumer goes, and when its message is dead-lettered."""

from support import wire

TERNMQ_ONLY = True  # An argument of TernMQ's.


def run(t):
    publisher = t.channel()
    letters = publisher.queue(t.name("letters"))
    queue = publisher.queue(t.name(), arguments={
        "x-message-group": "message-id", "x-delivery-limit": 1,
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters})
    leaving, staying = t.channel(), t.channel()
    leaving.call("basic.qos", prefetch_count=1)
    leaving.consume(queue)
    for body in ("poison", "after it", "last"):
        publisher.publish("", queue, body, message_id="one group")
    leaving.expect_bodies(["poison"], redelivered=False)
    staying.consume(queue)
    staying.expect_quiet()
    # Its consumer goes: another one gets the same message.
    leaving.connection.abort()
    message = staying.expect_bodies(["poison"], redelivered=True)[0]
    staying.expect_quiet()
    # Over the limit it goes to the dead letters, and its group continues.
    staying.send("basic.nack", delivery_tag=message.tag, requeue=True)
    message = staying.expect_bodies(["after it"])[0]
    t.until(lambda: publisher.ready_count(letters) == 1, "the poison is dead-lettered")
    letter = publisher.get(letters)
    wire.equal(letter.headers["x-death"][0]["reason"], "delivery_limit", "reason")
    staying.send("basic.reject", delivery_tag=message.tag, requeue=False)
    staying.expect_bodies(["last"])
    for name in (queue, letters):
        publisher.call("queue.delete", queue=name)
