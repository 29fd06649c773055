"""Quorum queues count deliveries: x-delivery-count and x-delivery-limit."""


def _quorum(c, what="q", **arguments):
    return c.queue(what, durable=True, arguments={"x-queue-type": "quorum", **arguments})


def count_grows_with_each_return(s):
    c = s.channel()
    queue = _quorum(c)
    c.put("", queue, "a", delivery_mode=2, headers={"own": "x"})
    for _ in range(3):
        message = c.get(queue, no_ack=False)
        c.send("basic.nack", delivery_tag=message.tag, requeue=True)
        c.await_ready(queue, 1)
    c.get(queue)


def count_in_deliveries(s):
    c = s.channel()
    queue = _quorum(c)
    c.consume(queue, "t")
    c.put("", queue, "a", delivery_mode=2)
    for _ in range(3):
        message = c.take(1)[0]
        c.send("basic.reject", delivery_tag=message.tag, requeue=True)
    message = c.take(1)[0]
    c.send("basic.ack", delivery_tag=message.tag)
    c.sync()


def count_grows_when_the_channel_ends(s):
    c = s.channel()
    queue = _quorum(c)
    c.put("", queue, "a", delivery_mode=2)
    other = s.channel("other")
    other.consume(queue, "t")
    other.take(1)
    other.end()
    c.await_ready(queue, 1)
    c.get(queue)


def limit_without_letters_drops(s):
    c = s.channel()
    queue = _quorum(c, **{"x-delivery-limit": 2})
    c.consume(queue, "t")
    c.put("", queue, "a", delivery_mode=2)
    for _ in range(3):
        message = c.take(1)[0]
        c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.await_ready(queue, 0)
    c.put("", queue, "b", delivery_mode=2)
    c.take(1)


def limit_with_letters(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = _quorum(c, **{"x-delivery-limit": 1, "x-dead-letter-exchange": "",
                          "x-dead-letter-routing-key": letters})
    c.consume(queue, "t")
    c.put("", queue, "a", delivery_mode=2, headers={"own": 1})
    for _ in range(2):
        message = c.take(1)[0]
        c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.await_ready(letters, 1)
    c.get(letters)


def limit_zero(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = _quorum(c, **{"x-delivery-limit": 0, "x-dead-letter-exchange": "",
                          "x-dead-letter-routing-key": letters})
    c.consume(queue, "t")
    c.put("", queue, "a", delivery_mode=2)
    message = c.take(1)[0]
    c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.await_ready(letters, 1)
    c.get(letters)


def rejection_is_not_a_return(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = _quorum(c, **{"x-delivery-limit": 5, "x-dead-letter-exchange": "",
                          "x-dead-letter-routing-key": letters})
    c.consume(queue, "t")
    c.put("", queue, "a", delivery_mode=2)
    message = c.take(1)[0]
    c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    message = c.take(1)[0]
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(letters, 1)
    c.get(letters)


def letters_into_a_quorum_queue_start_anew(s):
    c = s.channel()
    letters = _quorum(c, "letters")
    queue = _quorum(c, **{"x-delivery-limit": 1, "x-dead-letter-exchange": "",
                          "x-dead-letter-routing-key": letters})
    c.consume(queue, "t")
    c.put("", queue, "a", delivery_mode=2)
    for _ in range(2):
        message = c.take(1)[0]
        c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.await_ready(letters, 1)
    c.get(letters)


def a_count_from_the_client(s):
    c = s.channel()
    queue = _quorum(c)
    c.put("", queue, "a", delivery_mode=2, headers={"x-delivery-count": 7})
    message = c.get(queue, no_ack=False)
    c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.await_ready(queue, 1)
    c.get(queue)


def a_classic_queue_shows_no_count(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-queue-type": "classic"})
    c.put("", queue, "a")
    message = c.get(queue, no_ack=False)
    c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.sync()
    c.get(queue)


def properties_that_a_quorum_queue_cannot_have(s):
    c = s.channel()
    quorum = {"x-queue-type": "quorum"}
    c.queue("transient", arguments=quorum)
    c.queue("exclusive", durable=True, exclusive=True, arguments=quorum)
    c.queue("auto", durable=True, auto_delete=True, arguments=quorum)
    c.call("queue.declare", durable=True, arguments=quorum)


def global_prefetch_on_a_quorum_queue(s):
    c = s.channel()
    queue = _quorum(c)
    c.call("basic.qos", prefetch_count=5, global_=True)
    c.consume(queue, "t")


def consumers_of_a_quorum_queue(s):
    c = s.channel()
    queue = _quorum(c)
    c.consume(queue, "e", exclusive=True)
    c.consume(queue, "p", arguments={"x-priority": 5})
    c.call("queue.purge", queue=queue)


def conditional_delete_of_a_quorum_queue(s):
    c = s.channel()
    queue = _quorum(c)
    c.call("queue.delete", queue=queue, if_unused=True)
    queue = _quorum(c)
    c.call("queue.delete", queue=queue, if_empty=True)
