"""x-max-length, x-max-length-bytes and x-overflow."""


def _letters(c):
    exchange = c.exchange("dlx", "fanout")
    queue = c.queue("letters")
    c.bind(queue, exchange)
    return exchange, queue


def drop_head(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 3})
    for body in "abcde":
        c.put("", queue, body)
    c.drain(queue)


def drop_head_said_aloud(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 1, "x-overflow": "drop-head"})
    for body in "ab":
        c.put("", queue, body)
    c.drain(queue)


def drop_head_confirms_all(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 2})
    c.call("confirm.select")
    for body in "abcd":
        c.publish("", queue, body)
    c.confirms(4)
    c.drain(queue)


def length_zero(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-max-length": 0, "x-dead-letter-exchange": exchange})
    c.put("", queue, "a")
    c.get(queue)
    c.await_ready(letters, 1)
    c.get(letters)
    c.consume(queue, "t", no_ack=True)
    c.put("", queue, "b")
    c.take(1)


def bytes_count_bodies_only(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length-bytes": 10})
    for body in ("12345", "67890", "x", "", "yz"):
        c.put("", queue, body, headers={"long": "l" * 100})
    c.drain(queue)


def one_message_larger_than_the_limit(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-max-length-bytes": 4, "x-dead-letter-exchange": exchange})
    c.put("", queue, "123")
    c.put("", queue, "12345")
    c.drain(queue)
    c.await_ready(letters, 2)
    c.drain(letters)


def both_limits(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 3, "x-max-length-bytes": 6})
    for body in ("1", "2", "3", "4", "55555", "6"):
        c.put("", queue, body)
        s.note(f"ready: {c.ready(queue)}")
    c.drain(queue)


def unacked_messages_do_not_count(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 2})
    for body in "ab":
        c.put("", queue, body)
    first = c.get(queue, no_ack=False)
    second = c.get(queue, no_ack=False)
    for body in "cd":
        c.put("", queue, body)
    s.step("requeued over the limit")
    c.send("basic.nack", delivery_tag=second.tag, requeue=True)
    c.sync()
    s.note(f"ready: {c.ready(queue)}")
    c.send("basic.nack", delivery_tag=first.tag, requeue=True)
    c.sync()
    s.note(f"ready: {c.ready(queue)}")
    c.drain(queue)


def requeue_over_the_limit_with_letters(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-max-length": 1, "x-dead-letter-exchange": exchange})
    c.put("", queue, "a")
    message = c.get(queue, no_ack=False)
    c.put("", queue, "b")
    c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.sync()
    s.pause(200)
    s.step("and one more is published")
    c.put("", queue, "c")
    s.pause(200)
    c.drain(queue)
    c.drain(letters)


def reject_publish(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 2, "x-overflow": "reject-publish"})
    c.call("confirm.select")
    for at, body in enumerate("abcd"):
        c.publish("", queue, body)
        c.confirms(at + 1)
    c.drain(queue)
    s.step("there is room again")
    c.publish("", queue, "e")
    c.confirms(5)
    c.drain(queue)


def reject_publish_unacked_do_not_count(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    c.call("confirm.select")
    c.publish("", queue, "a")
    c.confirms(1)
    message = c.get(queue, no_ack=False)
    c.publish("", queue, "b")
    c.confirms(2)
    c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.sync()
    c.publish("", queue, "c")
    c.confirms(3)
    c.drain(queue)


def reject_publish_without_confirms(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-max-length": 1, "x-overflow": "reject-publish",
                                    "x-dead-letter-exchange": exchange})
    c.put("", queue, "a")
    c.publish("", queue, "b", mandatory=True)
    c.sync()
    c.drain(queue)
    c.drain(letters)


def reject_publish_bytes(s):
    """What is there is compared with the limit before the new message comes in."""
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length-bytes": 5, "x-overflow": "reject-publish"})
    c.call("confirm.select")
    for at, body in enumerate(("1234", "56789", "x", "")):
        c.publish("", queue, body)
        c.confirms(at + 1)
    c.drain(queue)


def reject_publish_length_zero(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
    c.call("confirm.select")
    c.publish("", queue, "a")
    c.confirms(1)
    c.consume(queue, "t", no_ack=True)
    c.publish("", queue, "b")
    c.confirms(2)
    c.drain(queue)


def reject_publish_dlx(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-max-length": 1, "x-overflow": "reject-publish-dlx",
                                    "x-dead-letter-exchange": exchange})
    c.call("confirm.select")
    c.publish("", queue, "a")
    c.confirms(1)
    c.publish("", queue, "b", expiration="60000", headers={"own": 1})
    c.confirms(2)
    c.await_ready(letters, 1)
    c.get(letters)
    c.drain(queue)


def one_of_two_queues_refuses(s):
    c = s.channel()
    exchange = c.exchange("x", "fanout")
    full = c.queue("full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    free = c.queue("free")
    c.bind(full, exchange)
    c.bind(free, exchange)
    c.call("confirm.select")
    c.publish(exchange, "", "a")
    c.confirms(1)
    c.publish(exchange, "", "b")
    c.confirms(2)
    c.drain(full)
    c.drain(free)


def transaction_into_a_full_queue(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    c.call("tx.select")
    c.publish("", queue, "a")
    c.publish("", queue, "b")
    c.call("tx.commit")
    other = s.channel("other")
    other.drain(queue)


def limit_with_a_consumer_that_takes_all(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 1})
    c.consume(queue, "t")
    for body in "abc":
        c.put("", queue, body)
    c.take(3)
    s.note(f"ready: {c.ready(queue)}")
    s.step("all come back at once: over the limit, before anything is delivered again")
    c.send("basic.nack", delivery_tag=3, multiple=True, requeue=True)
    c.take(1)
    c.sync()


def requeued_order_within_the_limit(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 10})
    for body in "abcdef":
        c.put("", queue, body)
    tags = [c.get(queue, no_ack=False).tag for _ in range(4)]
    c.send("basic.nack", delivery_tag=tags[2], requeue=True)
    c.send("basic.nack", delivery_tag=tags[0], requeue=True)
    c.sync()
    c.drain(queue)


def quorum_drop_head(s):
    c = s.channel()
    queue = c.queue("q", durable=True, arguments={"x-queue-type": "quorum", "x-max-length": 2})
    for body in "abcd":
        c.put("", queue, body, delivery_mode=2)
    c.drain(queue)
