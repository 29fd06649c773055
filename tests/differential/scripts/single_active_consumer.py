"""x-single-active-consumer: who gets the messages, and who takes over."""

SAC = {"x-single-active-consumer": True}


def first_consumer_gets_everything(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second = s.channel("first"), s.channel("second")
    first.consume(queue, "one", no_ack=True)
    second.consume(queue, "two", no_ack=True)
    for body in "abc":
        c.put("", queue, body)
    first.take(3)
    second.sync()
    s.note(f"consumers: {c.call('queue.declare', queue=queue, passive=True).consumer_count}")


def takeover_on_cancel(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second, third = s.channel("first"), s.channel("second"), s.channel("third")
    first.consume(queue, "one")
    second.consume(queue, "two")
    third.consume(queue, "three")
    c.put("", queue, "a")
    first.take(1)
    first.call("basic.cancel", consumer_tag="one")
    c.put("", queue, "b")
    second.take(1)
    s.step("what the first one has is still its own")
    first.send("basic.ack", delivery_tag=1)
    first.sync()
    third.sync()
    c.get(queue)


def takeover_on_channel_close(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second = s.channel("first"), s.channel("second")
    first.consume(queue, "one")
    second.consume(queue, "two")
    c.put("", queue, "a")
    first.take(1)
    first.end()
    second.take(1)


def takeover_on_connection_loss(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second = s.channel("first"), s.channel("second")
    first.consume(queue, "one")
    second.consume(queue, "two")
    for body in "ab":
        c.put("", queue, body)
    first.take(2)
    first.connection.abort()
    second.take(2)


def the_cancelled_one_queues_up_last(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second = s.channel("first"), s.channel("second")
    first.consume(queue, "one", no_ack=True)
    second.consume(queue, "two", no_ack=True)
    first.call("basic.cancel", consumer_tag="one")
    first.consume(queue, "one again", no_ack=True)
    c.put("", queue, "a")
    second.take(1)
    second.call("basic.cancel", consumer_tag="two")
    c.put("", queue, "b")
    first.take(1)


def prefetch_of_the_active_one_does_not_wake_others(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second = s.channel("first"), s.channel("second")
    first.call("basic.qos", prefetch_count=1)
    first.consume(queue, "one")
    second.consume(queue, "two", no_ack=True)
    for body in "ab":
        c.put("", queue, body)
    message = first.take(1)[0]
    second.sync()
    s.note(f"ready: {c.ready(queue)}")
    first.send("basic.ack", delivery_tag=message.tag)
    first.take(1)


def rejected_comes_back_to_the_active_one(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second = s.channel("first"), s.channel("second")
    first.consume(queue, "one")
    second.consume(queue, "two")
    c.put("", queue, "a")
    message = first.take(1)[0]
    first.send("basic.reject", delivery_tag=message.tag, requeue=True)
    first.take(1)
    second.sync()


def exclusive_consumer_is_refused(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    c.consume(queue, "t", exclusive=True)
    c.consume(queue, "t")
    c.consume(queue, "u", exclusive=True)


def get_is_allowed_beside_it(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    c.call("basic.qos", prefetch_count=1)
    c.consume(queue, "t")
    for body in "ab":
        c.put("", queue, body)
    c.take(1)
    other = s.channel("other")
    other.get(queue)


def consumer_priority_does_not_matter(s):
    """The one that came first stays active, whatever priority another one has."""
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    low, high = s.channel("low"), s.channel("high")
    low.consume(queue, "low", no_ack=True, arguments={"x-priority": 1})
    high.consume(queue, "high", no_ack=True, arguments={"x-priority": 10})
    c.put("", queue, "a")
    low.take(1)
    high.sync()


def priority_decides_who_is_next(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, low, high = s.channel("first"), s.channel("low"), s.channel("high")
    first.consume(queue, "first", no_ack=True)
    low.consume(queue, "low", no_ack=True, arguments={"x-priority": 1})
    high.consume(queue, "high", no_ack=True, arguments={"x-priority": 10})
    first.call("basic.cancel", consumer_tag="first")
    c.put("", queue, "a")
    high.take(1)
    low.sync()


def deleting_the_queue_cancels_all(s):
    c = s.channel()
    queue = c.queue("q", arguments=SAC)
    first, second = s.channel("first"), s.channel("second")
    first.consume(queue, "one")
    second.consume(queue, "two")
    c.call("queue.delete", queue=queue)
    first.take(1)
    second.take(1)


def quorum_queue_with_a_single_active_consumer(s):
    c = s.channel()
    queue = c.queue("q", durable=True, arguments={"x-queue-type": "quorum", **SAC})
    first, second = s.channel("first"), s.channel("second")
    first.consume(queue, "one")
    second.consume(queue, "two")
    c.put("", queue, "a", delivery_mode=2)
    first.take(1)
    second.sync()
    first.send("basic.ack", delivery_tag=1)
    first.call("basic.cancel", consumer_tag="one")
    c.put("", queue, "b", delivery_mode=2)
    second.take(1)
    second.send("basic.ack", delivery_tag=1)
    second.sync()
