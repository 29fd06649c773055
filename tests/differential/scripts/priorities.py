"""x-max-priority: order, requeue, priorities above the maximum or missing."""


def highest_first(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-priority": 5})
    for body, priority in (("a1", 1), ("b3", 3), ("c1", 1), ("d5", 5), ("e3", 3), ("f0", 0)):
        c.put("", queue, body, priority=priority)
    c.drain(queue)


def above_the_maximum(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-priority": 2})
    for body, priority in (("a2", 2), ("b9", 9), ("c255", 255), ("d1", 1), ("e2", 2)):
        c.put("", queue, body, priority=priority)
    c.drain(queue)


def without_the_property(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-priority": 5})
    c.put("", queue, "none")
    c.put("", queue, "one", priority=1)
    c.put("", queue, "zero", priority=0)
    c.put("", queue, "none again")
    c.drain(queue)


def maximum_zero_and_255(s):
    c = s.channel()
    for maximum in (0, 1, 255):
        queue = c.queue(f"q{maximum}", arguments={"x-max-priority": maximum})
        c.put("", queue, "low", priority=0)
        c.put("", queue, "high", priority=255)
        c.drain(queue)


def requeue_keeps_priority_and_place(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-priority": 5})
    for body, priority in (("a1", 1), ("b3", 3), ("c3", 3), ("d1", 1)):
        c.put("", queue, body, priority=priority)
    first = c.get(queue, no_ack=False)
    second = c.get(queue, no_ack=False)
    c.put("", queue, "e3", priority=3)
    c.send("basic.nack", delivery_tag=second.tag, requeue=True)
    c.send("basic.nack", delivery_tag=first.tag, requeue=True)
    c.sync()
    c.drain(queue)


def higher_overtakes_while_a_consumer_is_busy(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-priority": 5})
    c.call("basic.qos", prefetch_count=1)
    c.consume(queue, "t")
    c.put("", queue, "first", priority=0)
    message = c.take(1)[0]
    c.put("", queue, "low", priority=1)
    c.put("", queue, "high", priority=4)
    for _ in range(2):
        c.send("basic.ack", delivery_tag=message.tag)
        message = c.take(1)[0]


def a_queue_without_priorities_ignores_them(s):
    c = s.channel()
    queue = c.queue("q")
    c.put("", queue, "low", priority=0)
    c.put("", queue, "high", priority=9)
    c.drain(queue)


def drop_head_with_priorities(s):
    """Which message goes when the queue is full."""
    c = s.channel()
    letters = c.queue("letters")
    queue = c.queue("q", arguments={
        "x-max-priority": 5, "x-max-length": 2, "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": letters})
    for body, priority in (("a1", 1), ("b5", 5), ("c3", 3), ("d1", 1), ("e5", 5)):
        c.put("", queue, body, priority=priority)
    c.drain(queue)
    c.await_ready(letters, 3)
    c.drain(letters)


def ttl_with_priorities(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = c.queue("q", arguments={
        "x-max-priority": 5, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters})
    c.put("", queue, "low and short", priority=1, expiration="100")
    c.put("", queue, "high and long", priority=3)
    s.pause(400)
    c.get(queue)
    c.await_ready(letters, 1)
    c.get(letters)
    c.get(queue)


def letters_keep_their_priority(s):
    c = s.channel()
    letters = c.queue("letters", arguments={"x-max-priority": 9})
    queue = c.queue("q", arguments={
        "x-message-ttl": 100, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters})
    for body, priority in (("a1", 1), ("b7", 7), ("c4", 4)):
        c.put("", queue, body, priority=priority)
    c.await_ready(letters, 3)
    c.drain(letters)


def purge_counts_all_levels(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-max-priority": 3})
    for priority in range(4):
        c.put("", queue, str(priority), priority=priority)
    c.get(queue, no_ack=False)
    c.call("queue.purge", queue=queue)
    c.call("basic.recover", requeue=True)
    c.drain(queue)
