"""Dead letters: headers of each reason, keys, exchanges that are missing or lead elsewhere."""


def _letters(c, kind="fanout", key="#"):
    """A dead-letter exchange with one queue behind it: (exchange, queue)."""
    exchange = c.exchange("dlx", kind)
    queue = c.queue("letters")
    c.bind(queue, exchange, key)
    return exchange, queue


def rejected(s):
    c = s.channel()
    exchange, letters = _letters(c)
    source = c.exchange("source", "topic")
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    c.bind(queue, source, "a.#")
    c.put(source, "a.b", "one", content_type="text/plain", headers={"own": 1, "x": "y"},
              priority=3, message_id="m1", timestamp=1700000000, correlation_id="c",
              delivery_mode=2, type="t", app_id="app", reply_to="r")
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(letters, 1)
    c.get(letters)


def nacked_many_in_order(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    for body in "abcd":
        c.put("", queue, body)
    for _ in range(3):
        message = c.get(queue, no_ack=False)
    c.send("basic.nack", delivery_tag=message.tag, multiple=True, requeue=False)
    c.await_ready(letters, 3)
    c.drain(letters)
    c.get(queue)


def nacked_in_any_order(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    for body in "abcd":
        c.put("", queue, body)
    tags = [c.get(queue, no_ack=False).tag for _ in range(4)]
    for at in (2, 0, 3):
        c.send("basic.nack", delivery_tag=tags[at], requeue=False)
    c.await_ready(letters, 3)
    c.drain(letters)
    c.send("basic.nack", delivery_tag=tags[1], requeue=True)
    c.sync()
    c.get(queue)


def rejected_without_dead_letter_exchange(s):
    c = s.channel()
    queue = c.queue("q")
    c.put("", queue, "a")
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.sync()
    c.get(queue)


def recover_and_channel_end_requeue_only(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    c.put("", queue, "a")
    c.get(queue, no_ack=False)
    c.call("basic.recover", requeue=True)
    other = s.channel("other")
    other.get(queue, no_ack=False)
    other.end()
    c.await_ready(queue, 1)
    c.get(queue)
    c.get(letters)


def expired_with_original_expiration(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    c.put("", queue, "a", expiration="50", headers={"h": True})
    c.await_ready(letters, 1)
    c.get(letters)


def rejected_keeps_original_expiration(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    c.put("", queue, "a", expiration="60000")
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(letters, 1)
    c.get(letters)


def maxlen(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange, "x-max-length": 1})
    c.put("", queue, "a")
    c.put("", queue, "b", expiration="60000")
    c.put("", queue, "c")
    c.await_ready(letters, 2)
    c.drain(letters)
    c.drain(queue)


def routing_key_of_its_own(s):
    c = s.channel()
    exchange, letters = _letters(c, "topic", "dead.*")
    queue = c.queue("q", arguments={
        "x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": "dead.one"})
    c.put("", queue, "a", headers={"CC": ["also", "too"], "BCC": ["hidden"]})
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(letters, 1)
    c.get(letters)


def original_keys_with_cc(s):
    """Without a key of its own the letter goes to the original key and those of CC and BCC."""
    c = s.channel()
    dlx = c.exchange("dlx", "direct")
    source = c.exchange("source", "direct")
    queues = {}
    for key in ("main", "also", "hidden"):
        queues[key] = c.queue(f"letters-{key}")
        c.bind(queues[key], dlx, key)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": dlx})
    c.bind(queue, source, "main")
    c.put(source, "main", "a", headers={"CC": ["also"], "BCC": ["hidden"], "z": "last"})
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    for name in queues.values():
        c.await_ready(name, 1)
        c.drain(name)


def _die_twice(s, **first_death):
    """A message with a BCC key that dies in two queues, and who has it then."""
    c = s.channel()
    first_dlx, second_dlx = c.exchange("first-dlx", "fanout"), c.exchange("second-dlx", "direct")
    letters = {key: c.queue(f"letters-{key}") for key in ("main", "hidden", "own")}
    for key, name in letters.items():
        c.bind(name, second_dlx, key)
    second = c.queue("second", arguments={"x-dead-letter-exchange": second_dlx})
    c.bind(second, first_dlx)
    source = c.exchange("source", "direct")
    first = c.queue("first", arguments={"x-dead-letter-exchange": first_dlx, **first_death})
    c.bind(first, source, "main")
    c.put(source, "main", "a", headers={"BCC": ["hidden"]})
    for queue in (first, second):
        c.await_ready(queue, 1)
        message = c.get(queue, no_ack=False)
        c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    return c, letters


def bcc_keys_outlive_two_deaths(s):
    c, letters = _die_twice(s)
    for key in ("main", "hidden"):
        c.await_ready(letters[key], 1)
        c.drain(letters[key])


def bcc_keys_end_with_a_routing_key_of_its_own(s):
    c, letters = _die_twice(s, **{"x-dead-letter-routing-key": "own"})
    c.await_ready(letters["own"], 1)
    for key in ("own", "main", "hidden"):
        c.drain(letters[key])


def bcc_alone(s):
    c = s.channel()
    dlx, letters = _letters(c)
    source = c.exchange("source", "direct")
    queue = c.queue("q", arguments={"x-dead-letter-exchange": dlx})
    c.bind(queue, source, "hidden")
    c.put(source, "main", "a", headers={"BCC": ["hidden"]})
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(letters, 1)
    c.get(letters)


def cc_arrived_by_the_second_key(s):
    c = s.channel()
    dlx, letters = _letters(c)
    source = c.exchange("source", "direct")
    queue = c.queue("q", arguments={"x-dead-letter-exchange": dlx})
    c.bind(queue, source, "second")
    c.put(source, "first", "a", headers={"CC": ["second", "third"]})
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(letters, 1)
    c.get(letters)


def exchange_is_missing(s):
    """The letters are gone, without an error; when it is declared later they go there."""
    c = s.channel()
    queue = c.queue("q", arguments={"x-dead-letter-exchange": s.name("later")})
    c.put("", queue, "a", expiration="50")
    c.await_ready(queue, 0)
    exchange = c.exchange("later", "fanout")
    letters = c.queue("letters")
    c.bind(letters, exchange)
    c.put("", queue, "b", expiration="50")
    c.await_ready(letters, 1)
    c.get(letters)
    s.step("and deleted again")
    c.call("exchange.delete", exchange=exchange)
    c.put("", queue, "c", expiration="50")
    c.await_ready(queue, 0)
    c.get(letters)


def unroutable_letters_are_gone(s):
    c = s.channel()
    dlx = c.exchange("dlx", "direct")
    queue = c.queue("q", arguments={"x-dead-letter-exchange": dlx})
    c.publish("", queue, "a", mandatory=True, expiration="50")
    c.put("", queue, "b", expiration="50")
    c.await_ready(queue, 0)
    c.sync()


def alternate_exchange_takes_unroutable_letters(s):
    c = s.channel()
    alternate = c.exchange("alternate", "fanout")
    dlx = c.exchange("dlx", "direct", arguments={"alternate-exchange": alternate})
    letters = c.queue("letters")
    c.bind(letters, alternate)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": dlx})
    c.put("", queue, "a", expiration="50")
    c.await_ready(letters, 1)
    c.get(letters)


def internal_exchange_takes_letters(s):
    c = s.channel()
    dlx = c.exchange("dlx", "fanout", internal=True)
    letters = c.queue("letters")
    c.bind(letters, dlx)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": dlx})
    c.put("", queue, "a", expiration="50")
    c.await_ready(letters, 1)
    c.get(letters)


def several_queues_get_a_letter(s):
    c = s.channel()
    dlx = c.exchange("dlx", "fanout")
    first, second = c.queue("first"), c.queue("second")
    c.bind(first, dlx)
    c.bind(second, dlx)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": dlx})
    c.put("", queue, "a", expiration="50")
    c.await_ready(first, 1)
    c.await_ready(second, 1)
    c.get(first)
    c.get(second)


def queue_delete_and_purge_send_no_letters(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    c.put("", queue, "a")
    c.call("queue.purge", queue=queue)
    c.put("", queue, "b")
    c.call("queue.delete", queue=queue)
    c.get(letters)


def transactions_send_letters_at_commit(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    c.put("", queue, "a")
    c.put("", queue, "b")
    other = s.channel("watch")
    c.call("tx.select")
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.sync()
    s.note(f"before the commit: {other.ready(letters)}")
    c.call("tx.commit")
    other.await_ready(letters, 1)
    other.get(letters)
    message = c.get(queue, no_ack=False)
    c.send("basic.nack", delivery_tag=message.tag, requeue=False)
    c.call("tx.rollback")
    s.note(f"after the rollback: {other.ready(letters)}")


def letters_keep_their_persistence_and_body(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange})
    c.put("", queue, "", expiration="20")
    c.put("", queue, "x" * 300000, expiration="20", delivery_mode=1)
    c.await_ready(letters, 2)
    c.get(letters)
    message = c.get(letters)
    s.note(f"body of {len(message.body)} bytes")


def letters_arrive_in_order_of_expiry(s):
    c = s.channel()
    exchange, letters = _letters(c)
    queue = c.queue("q", arguments={"x-dead-letter-exchange": exchange, "x-message-ttl": 100})
    for number in range(50):
        c.put("", queue, str(number))
    c.await_ready(letters, 50)
    bodies = []
    for _ in range(50):
        c._channel.send("basic.get", queue=letters, no_ack=True)
        bodies.append(c._channel.expect_message("basic.get-ok").body.decode())
    s.note(" ".join(bodies))
