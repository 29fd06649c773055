"""Dead letters that die again: headers of later deaths, and cycles."""


def _kept(message):
    """The headers of a letter, without those that only newer versions of RabbitMQ add."""
    return {key: value for key, value in message.properties["headers"].items()
            if not key.startswith("x-last-death")}


def second_death_in_another_queue(s):
    c = s.channel()
    last = c.queue("last")
    second = c.queue("second", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": last})
    first = c.queue("first", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": second})
    c.put("", first, "a", expiration="50", headers={"own": "value"})
    c.await_ready(second, 1)
    message = c.get(second, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(last, 1)
    c.get(last)


def another_death_in_the_same_queue(s):
    """Rejected three times in a cycle: one entry whose count grows."""
    c = s.channel()
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": s.name("wait")})
    wait = c.queue("wait", arguments={
        "x-message-ttl": 50, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue})
    c.put("", queue, "a")
    for _ in range(3):
        c.await_ready(queue, 1)
        message = c.get(queue, no_ack=False)
        c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(queue, 1)
    c.get(queue)
    s.note(f"waiting: {c.ready(wait)}")


def two_reasons_in_one_queue(s):
    c = s.channel()
    back = c.queue("back")
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": back})
    c.put("", queue, "a", expiration="50")
    c.await_ready(back, 1)
    message = c.get(back)
    s.step("published again with its headers")
    c.put("", queue, "a", headers=_kept(message))
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(back, 1)
    message = c.get(back)
    s.step("and again, expiring")
    c.put("", queue, "a", headers=_kept(message), expiration="50")
    c.await_ready(back, 1)
    c.get(back)


def first_death_from_the_client_is_kept(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters})
    c.put("", queue, "a", expiration="20", headers={
        "x-first-death-queue": "mine", "x-first-death-reason": "why", "after": 1})
    c.await_ready(letters, 1)
    c.get(letters)


def x_death_made_by_the_client(s):
    c = s.channel()
    letters = c.queue("letters")
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters})
    for number, value in enumerate(([{"queue": "other"}], [])):
        c.put("", queue, f"{number}", expiration="20", headers={"x-death": value})
        c.await_ready(letters, 1)
        c.get(letters)


def expired_cycle_is_dropped(s):
    c = s.channel()
    first, second = s.name("first"), s.name("second")
    c.queue("first", arguments={
        "x-message-ttl": 50, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": second})
    c.queue("second", arguments={
        "x-message-ttl": 50, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": first})
    c.put("", first, "a")
    s.pause(400)
    s.note(f"left: {c.ready(first)} {c.ready(second)}")


def expired_into_itself_is_dropped(s):
    c = s.channel()
    queue = c.queue("q", arguments={
        "x-message-ttl": 50, "x-dead-letter-exchange": "", "x-dead-letter-routing-key":
        s.name("q")})
    c.put("", queue, "a")
    s.pause(300)
    s.note(f"left: {c.ready(queue)}")


def maxlen_into_itself_is_dropped(s):
    c = s.channel()
    queue = c.queue("q", arguments={
        "x-max-length": 2, "x-dead-letter-exchange": "", "x-dead-letter-routing-key":
        s.name("q")})
    for body in "abcd":
        c.put("", queue, body)
    s.pause(200)
    c.drain(queue)


def rejected_into_itself_goes_round(s):
    c = s.channel()
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": s.name("q")})
    c.put("", queue, "a")
    for _ in range(3):
        c.await_ready(queue, 1)
        message = c.get(queue, no_ack=False)
        c.send("basic.nack", delivery_tag=message.tag, requeue=False)
    c.await_ready(queue, 1)
    c.get(queue)


def cycle_in_one_branch_only(s):
    """A fanout leads back to the queue and to another one: only the way back is cut."""
    c = s.channel()
    dlx = c.exchange("dlx", "fanout")
    other = c.queue("other")
    queue = c.queue("q", arguments={"x-message-ttl": 50, "x-dead-letter-exchange": dlx})
    c.bind(queue, dlx)
    c.bind(other, dlx)
    c.put("", queue, "a")
    c.await_ready(other, 1)
    s.pause(200)
    s.note(f"left: {c.ready(queue)} {c.ready(other)}")
    c.get(other)
