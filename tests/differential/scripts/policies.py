"""Policies, set while the queue is in use."""


def _policy(s, name, definition, **options):
    """A policy for this script's queues and exchanges that has `name` in their names."""
    s.control.set_policy(s.name(name), f"^{s.name('')}", definition, **options)


def ttl_on_an_empty_queue(s):
    c = s.channel()
    queue = c.queue("q")
    _policy(s, "p", {"message-ttl": 200}, apply_to="queues")
    s.pause(300)
    c.put("", queue, "with the policy")
    c.await_ready(queue, 0)
    s.control.clear_policy(s.name("p"))
    s.pause(300)
    c.put("", queue, "without")
    s.pause(500)
    c.get(queue)


def ttl_on_a_queue_with_messages(s):
    """RabbitMQ leaves alone what is there already."""
    c = s.channel()
    queue = c.queue("q")
    c.put("", queue, "before")
    _policy(s, "p", {"message-ttl": 200}, apply_to="queues")
    s.pause(800)
    s.note(f"ready: {c.ready(queue)}")
    s.control.clear_policy(s.name("p"))


def max_length_on_a_queue_with_messages(s):
    c = s.channel()
    queue = c.queue("q")
    for body in "abcde":
        c.put("", queue, body)
    _policy(s, "p", {"max-length": 2}, apply_to="queues")
    c.await_ready(queue, 2)
    c.put("", queue, "f")
    c.drain(queue)
    s.control.clear_policy(s.name("p"))


def overflow_by_policy(s):
    c = s.channel()
    queue = c.queue("q")
    _policy(s, "p", {"max-length": 1, "overflow": "reject-publish"}, apply_to="queues")
    s.pause(300)
    c.call("confirm.select")
    for at, body in enumerate("ab"):
        c.publish("", queue, body)
        c.confirms(at + 1)
    c.drain(queue)
    s.control.clear_policy(s.name("p"))


def dead_letters_by_policy(s):
    c = s.channel()
    letters = c.queue("letters-of-it")
    queue = c.queue("q")
    c.put("", queue, "a")
    s.control.set_policy(s.name("p"), f"^{queue}$", {
        "dead-letter-exchange": "", "dead-letter-routing-key": letters}, apply_to="queues")
    s.pause(300)
    message = c.get(queue, no_ack=False)
    c.send("basic.reject", delivery_tag=message.tag, requeue=False)
    c.await_ready(letters, 1)
    c.get(letters)
    s.control.clear_policy(s.name("p"))


def an_argument_beats_the_policy(s):
    """For what is no number the argument wins; of two numbers the smaller one."""
    c = s.channel()
    letters, other = c.queue("letters"), c.queue("other")
    queue = s.name("q")
    s.control.set_policy(s.name("p"), f"^{queue}$", {
        "dead-letter-exchange": "", "dead-letter-routing-key": other, "max-length": 1},
        apply_to="queues")
    c.queue("q", arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters,
                            "x-max-length": 3})
    for body in "ab":
        c.put("", queue, body)
    c.await_ready(letters, 1)
    s.note(f"in the other queue: {c.ready(other)}")
    c.drain(queue)
    s.control.clear_policy(s.name("p"))


def the_higher_priority_wins(s):
    c = s.channel()
    queue = c.queue("q")
    _policy(s, "low", {"max-length": 1}, priority=1)
    _policy(s, "high", {"max-length": 3}, priority=5)
    s.pause(300)
    for body in "abcde":
        c.put("", queue, body)
    s.note(f"ready: {c.ready(queue)}")
    s.control.clear_policy(s.name("high"))
    c.await_ready(queue, 1)
    s.control.clear_policy(s.name("low"))


def policies_of_different_keys(s):
    """RabbitMQ takes one policy whole; TernMQ merges them key by key."""
    c = s.channel()
    queue = c.queue("q")
    _policy(s, "ttl", {"message-ttl": 300}, priority=1)
    _policy(s, "length", {"max-length": 2}, priority=5)
    s.pause(300)
    for body in "abc":
        c.put("", queue, body)
    s.note(f"ready: {c.ready(queue)}")
    s.pause(800)
    s.note(f"ready: {c.ready(queue)}")
    s.control.clear_policy(s.name("ttl"))
    s.control.clear_policy(s.name("length"))


def operator_policies_limit(s):
    c = s.channel()
    queue = c.queue("q")
    _policy(s, "p", {"max-length": 4})
    _policy(s, "o", {"max-length": 2}, operator=True)
    s.pause(300)
    for body in "abcde":
        c.put("", queue, body)
    s.note(f"ready: {c.ready(queue)}")
    s.control.clear_policy(s.name("o"), operator=True)
    s.pause(300)
    for body in "fghij":
        c.put("", queue, body)
    s.note(f"ready: {c.ready(queue)}")
    s.control.clear_policy(s.name("p"))


def alternate_exchange_by_policy(s):
    c = s.channel()
    alternate = c.call("exchange.declare", exchange="alternate-by-policy", type="fanout")
    s.remember("exchange", "alternate-by-policy")
    exchange = c.exchange("x", "direct")
    queue = c.queue("q")
    c.bind(queue, "alternate-by-policy")
    _policy(s, "p", {"alternate-exchange": "alternate-by-policy"}, apply_to="exchanges")
    s.pause(300)
    c.publish(exchange, "nobody", "a", mandatory=True)
    c.sync()
    c.await_ready(queue, 1)
    c.get(queue)
    s.control.clear_policy(s.name("p"))
    s.pause(300)
    c.publish(exchange, "nobody", "b", mandatory=True)
    c.take(1)
    del alternate


def expires_by_policy(s):
    c = s.channel()
    queue = c.queue("q")
    _policy(s, "p", {"expires": 300}, apply_to="queues")
    s.pause(1500)
    s.note(f"there: {c.exists(queue)}")
    s.control.clear_policy(s.name("p"))


def a_policy_does_not_make_a_queue_unequal(s):
    c = s.channel()
    _policy(s, "p", {"message-ttl": 60000, "max-length": 10})
    queue = c.queue("q")
    c.call("queue.declare", queue=queue)
    c.call("queue.declare", queue=queue, arguments={"x-max-length": 10})
    s.control.clear_policy(s.name("p"))


def delivery_limit_by_policy(s):
    c = s.channel()
    queue = c.queue("q", durable=True, arguments={"x-queue-type": "quorum"})
    _policy(s, "p", {"delivery-limit": 1}, apply_to="queues")
    s.pause(500)
    c.consume(queue, "t")
    c.put("", queue, "a", delivery_mode=2)
    for _ in range(2):
        message = c.take(1)[0]
        c.send("basic.nack", delivery_tag=message.tag, requeue=True)
    c.put("", queue, "b", delivery_mode=2)
    c.take(1)
    s.control.clear_policy(s.name("p"))
