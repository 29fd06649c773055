"""Consumers of queues that change under them, and what they give back."""


def deleted_queue_cancels(s):
    c = s.channel()
    queue = c.queue("q")
    other = s.channel("other")
    other.consume(queue, "t")
    c.put("", queue, "a")
    message = other.take(1)[0]
    c.call("queue.delete", queue=queue)
    other.take(1)
    s.step("settling what the queue does not know any more is no error")
    other.send("basic.ack", delivery_tag=message.tag)
    other.sync()


def deleted_queue_does_not_cancel_who_did_not_ask(s):
    c = s.channel()
    queue = c.queue("q")
    other = s.channel("other", s.connect(capabilities={}))
    other.consume(queue, "t")
    c.call("queue.delete", queue=queue)
    other.sync()
    other.call("basic.cancel", consumer_tag="t")


def delete_if_empty_and_if_unused(s):
    c = s.channel()
    queue = c.queue("q")
    c.put("", queue, "a")
    c.call("queue.delete", queue=queue, if_empty=True)
    message = c.get(queue, no_ack=False)
    s.step("empty but for what is unacknowledged")
    c.call("queue.delete", queue=queue, if_empty=True)
    c.queue("q")
    c.consume(queue, "t")
    other = s.channel("other")
    other.call("queue.delete", queue=queue, if_unused=True)
    del message


def priorities_then_round_robin(s):
    c = s.channel()
    queue = c.queue("q")
    c.call("basic.qos", prefetch_count=1)
    c.consume(queue, "low", arguments={"x-priority": -5})
    c.consume(queue, "none")
    c.consume(queue, "high", arguments={"x-priority": 5})
    for body in "abcd":
        c.put("", queue, body)
    c.take(3)
    c.sync()


def priority_of_wrong_types(s):
    c = s.channel()
    queue = c.queue("q")
    for value in ("5", True, 1.5, None, [1], {"a": 1}):
        c.consume(queue, "t", arguments={"x-priority": value})
    c.consume(queue, "t", arguments={"x-priority": 2**40})


def unknown_consumer_arguments(s):
    c = s.channel()
    queue = c.queue("q")
    c.consume(queue, "t", arguments={"x-unheard-of": 1, "x-cancel-on-ha-failover": True})


def many_ways_to_settle(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters})
    for body in "abcdefgh":
        c.put("", queue, body)
    c.consume(queue, "t")
    c.take(8)
    c.send("basic.ack", delivery_tag=2)
    c.send("basic.nack", delivery_tag=3, multiple=True, requeue=False)
    c.send("basic.reject", delivery_tag=5, requeue=True)
    c.take(1)
    c.send("basic.nack", delivery_tag=0, multiple=True, requeue=False)
    c.sync()
    c.await_ready(letters, 7)
    c.drain(letters)
    c.send("basic.nack", delivery_tag=4, requeue=False)
    c.sync()


def recover_brings_back_in_order(s):
    c = s.channel()
    queue = c.queue("q")
    for body in "abc":
        c.put("", queue, body)
    c.consume(queue, "t")
    c.take(3)
    c.send("basic.ack", delivery_tag=2)
    c.call("basic.cancel", consumer_tag="t")
    c.call("basic.recover", requeue=True)
    c.drain(queue)


def get_beside_a_consumer_with_limits(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-length": 3})
    c.call("basic.qos", prefetch_count=2)
    c.consume(queue, "t")
    for body in "abcdef":
        c.put("", queue, body)
    c.take(2)
    c.get(queue)
    c.send("basic.nack", delivery_tag=2, multiple=True, requeue=True)
    c.take(2)
    s.note(f"ready: {c.ready(queue)}")
