"""Expiry: queue TTL, the property expiration, both, zero, and where in the queue."""


def _queue_with_letters(c, **arguments):
    """A queue whose dead letters go to a second queue, which is returned too."""
    letters = c.queue("letters")
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters, **arguments})
    return queue, letters


def queue_ttl_removes_messages(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-message-ttl": 200})
    c.put("", queue, "a")
    c.put("", queue, "b")
    c.await_ready(queue, 2)
    c.await_ready(queue, 0)
    c.drain(queue)


def queue_ttl_counts_from_each_publish(s):
    c = s.channel()
    queue, letters = _queue_with_letters(c, **{"x-message-ttl": 600})
    c.consume(letters, "letters", no_ack=True)
    c.put("", queue, "a")
    s.pause(300)
    c.put("", queue, "b")
    c.take(1)
    c.get(queue)
    c.sync()


def own_expiration_removes_the_message(s):
    c = s.channel()
    queue, letters = _queue_with_letters(c)
    c.consume(letters, "letters", no_ack=True)
    c.put("", queue, "a", expiration="100", delivery_mode=2, content_type="text/plain")
    c.take(1)
    c.drain(queue)


def the_smaller_of_both_wins(s):
    c = s.channel()
    for ttl, own in ((150, "60000"), (60000, "150")):
        letters = c.queue(f"letters{ttl}")
        queue = c.queue(f"q{ttl}", arguments={
            "x-message-ttl": ttl, "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": letters})
        c.consume(letters, f"t{ttl}", no_ack=True)
        c.put("", queue, "both", expiration=own)
        c.take(1)


def queue_ttl_zero_is_never_stored(s):
    c = s.channel()
    queue, letters = _queue_with_letters(c, **{"x-message-ttl": 0})
    c.put("", queue, "nobody is there")
    c.get(queue)
    c.await_ready(letters, 1)
    c.get(letters)
    s.step("a waiting consumer gets it")
    c.consume(queue, "waiting", no_ack=True)
    c.put("", queue, "somebody is there")
    c.take(1)


def own_expiration_zero(s):
    c = s.channel()
    queue, letters = _queue_with_letters(c)
    c.put("", queue, "nobody is there", expiration="0")
    c.await_ready(letters, 1)
    c.get(queue)
    c.get(letters)
    c.consume(queue, "waiting", no_ack=True)
    c.put("", queue, "somebody is there", expiration="0")
    c.take(1)


def ttl_zero_requeued(s):
    c = s.channel()
    queue, letters = _queue_with_letters(c, **{"x-message-ttl": 0})
    c.consume(queue, "t")
    c.put("", queue, "a")
    first = c.take(1)[0]
    c.call("basic.cancel", consumer_tag="t")
    c.send("basic.reject", delivery_tag=first.tag, requeue=True)
    c.await_ready(letters, 1)
    c.get(letters)


def unacked_messages_do_not_expire(s):
    c = s.channel()
    queue, letters = _queue_with_letters(c, **{"x-message-ttl": 150})
    c.put("", queue, "a")
    message = c.get(queue, no_ack=False)
    s.pause(400)
    c.await_ready(letters, 0)
    s.step("requeued after its time it expires at once")
    c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.await_ready(letters, 1)
    c.get(letters)
    c.get(queue)


def acked_after_its_time(s):
    c = s.channel()
    queue, letters = _queue_with_letters(c, **{"x-message-ttl": 150})
    c.put("", queue, "a")
    message = c.get(queue, no_ack=False)
    s.pause(300)
    c.send("basic.ack", delivery_tag=message.tag)
    c.sync()
    c.get(queue)
    c.get(letters)


def expired_at_the_head_lets_the_next_through(s):
    c = s.channel()
    queue = c.queue("q")
    c.put("", queue, "short", expiration="150")
    c.put("", queue, "long")
    c.await_ready(queue, 2)
    c.await_ready(queue, 1)
    c.drain(queue)


def expired_behind_the_head(s):
    """RabbitMQ looks at the head only; TernMQ looks everywhere."""
    c = s.channel()
    queue, letters = _queue_with_letters(c)
    c.put("", queue, "long")
    c.put("", queue, "short", expiration="100")
    s.pause(500)
    s.note(f"ready: {c.ready(queue)}, dead letters: {c.ready(letters)}")
    c.drain(queue)
    c.await_ready(letters, 1)
    c.drain(letters)


def expired_messages_are_never_delivered(s):
    c = s.channel()
    queue = c.queue("q")
    for number in range(5):
        c.put("", queue, f"short{number}", expiration="100")
        c.put("", queue, f"long{number}", expiration="60000")
    s.pause(300)
    c.consume(queue, "t", no_ack=True)
    c.take(5)
    c.sync()


def expiration_is_kept_without_dead_letters(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-message-ttl": 60000})
    c.put("", queue, "a", expiration="50000")
    c.get(queue)


def invalid_expirations(s):
    c = s.channel()
    for expiration in ("abc", "-1", "", "1.5", " 1", "1 ", "99999999999999999999", "0x10",
                       "-0", "1e3", "5\u00a0"):
        c.publish("", s.name("nowhere"), "a", expiration=expiration)
        c.sync()


def unusual_expirations_that_are_valid(s):
    c = s.channel()
    queue = c.queue("q")
    for expiration in ("4294967296", "4294967295", "+60000", "0060000"):
        c.put("", queue, "a", expiration=expiration)
        c.get(queue)


def get_on_an_expiring_queue_counts_what_is_left(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-message-ttl": 400})
    for body in "abc":
        c.put("", queue, body)
    c.get(queue)
    c.await_ready(queue, 0)
    c.get(queue)
    c.put("", queue, "d")
    c.get(queue)


def purge_and_delete_count_no_expired_messages(s):
    c = s.channel()
    queue = c.queue("q")
    c.put("", queue, "a", expiration="100")
    c.put("", queue, "b")
    c.await_ready(queue, 1)
    c.call("queue.purge", queue=queue)
    c.put("", queue, "c", expiration="100")
    c.await_ready(queue, 0)
    c.call("queue.delete", queue=queue, if_empty=True)


def a_new_clock_after_dead_lettering(s):
    c = s.channel()
    last = c.queue("last")
    second = c.queue("second", arguments={
        "x-message-ttl": 500, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": last})
    first = c.queue("first", arguments={
        "x-message-ttl": 300, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": second})
    c.put("", first, "a")
    c.await_ready(second, 1)
    s.pause(300)
    s.note(f"still in the second queue: {c.ready(second)}")
    c.await_ready(last, 1)
    c.get(last)


def ttl_on_a_quorum_queue(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = c.queue("q", durable=True, arguments={
        "x-queue-type": "quorum", "x-message-ttl": 200, "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": letters})
    c.put("", queue, "a", delivery_mode=2)
    c.await_ready(letters, 1)
    c.get(letters)
    c.put("", queue, "b", expiration="50", delivery_mode=2)
    c.await_ready(letters, 1)
    c.get(letters)
