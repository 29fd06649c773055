"""Exchange types that are plugins of RabbitMQ: consistent hash, random, recent history, modulus."""

from support.codec import Field


def _read_counts(c, queues):
    return [c.ready(queue) for queue in queues]


def _spread(s, c, exchange, queues, message):
    """Publishes 1200 messages; says only what holds of any good spread."""
    c.pour([(exchange, *message(number)) for number in range(1200)])
    counts = _read_counts(c, queues)
    s.note(f"together: {sum(counts)}, every queue gets some: {min(counts) > 0}")
    return counts


def _hash_queues(c, exchange, weights):
    queues = []
    for number, weight in enumerate(weights):
        queues.append(c.queue(f"q{number}"))
        c.bind(queues[-1], exchange, weight)
    return queues


def consistent_hash_by_routing_key(s):
    c = s.channel()
    exchange = c.exchange("x", "x-consistent-hash")
    queues = _hash_queues(c, exchange, ["10", "10", "10"])
    _spread(s, c, exchange, queues,
            lambda number: (f"key{number}", "m", {}))
    s.step("the same key always goes to the same queue")
    for queue in queues:
        c._channel.call("queue.purge", queue=queue)
    c.pour([(exchange, "one key", "m", {})] * 20)
    s.note(f"counts: {sorted(_read_counts(c, queues))}")


def consistent_hash_weights(s):
    c = s.channel()
    exchange = c.exchange("x", "x-consistent-hash")
    queues = _hash_queues(c, exchange, ["1", "9"])
    counts = _spread(s, c, exchange, queues,
                     lambda number: (f"key{number}", "m", {}))
    s.note(f"the heavier one gets more: {counts[1] > 2 * counts[0]}")


def consistent_hash_by_header(s):
    c = s.channel()
    exchange = c.exchange("x", "x-consistent-hash", arguments={"hash-header": "h"})
    queues = _hash_queues(c, exchange, ["10", "10"])
    _spread(s, c, exchange, queues, lambda number: (
        "same", "m", {"headers": {"h": f"value{number}"}}))
    s.step("without the header all go one way; values of other types are taken")
    for queue in queues:
        c._channel.call("queue.purge", queue=queue)
    c.pour([(exchange, "same", "m", {})] * 10)
    s.note(f"counts: {sorted(_read_counts(c, queues))}")
    for value in (1, Field("l", 2**40), "text"):
        c.put(exchange, "same", "m", headers={"h": value})
    s.note(f"together: {sum(_read_counts(c, queues))}")


def consistent_hash_by_property(s):
    c = s.channel()
    for name in ("message_id", "correlation_id", "timestamp"):
        exchange = c.exchange(f"x-{name}", "x-consistent-hash", arguments={"hash-property": name})
        queues = [c.queue(f"{name}{number}") for number in range(2)]
        for queue in queues:
            c.bind(queue, exchange, "10")
        value = int if name == "timestamp" else str
        _spread(s, c, exchange, queues,
                lambda number, n=name, v=value: ("same", "m", {n: v(number)}))


def consistent_hash_arguments(s):
    c = s.channel()
    for arguments in ({"hash-header": "a", "hash-property": "message_id"},
                      {"hash-property": "bad"}, {"hash-property": ""},
                      {"hash-header": ""}, {"hash-property": "app_id"},
                      {"hash-property": "correlation_id"}):
        exchange = c.exchange("x", "x-consistent-hash", arguments=arguments)
        c.call("exchange.delete", exchange=exchange)


def consistent_hash_arguments_of_wrong_types(s):
    """RabbitMQ ends the connection with an internal error."""
    c = s.channel()
    for arguments in ({"hash-property": 5}, {"hash-header": 5}, {"hash-header": True}):
        exchange = c.exchange("x", "x-consistent-hash", arguments=arguments)
        c.call("exchange.delete", exchange=exchange)


def consistent_hash_binding_keys(s):
    c = s.channel()
    exchange = c.exchange("x", "x-consistent-hash")
    queue = c.queue("q")
    for key in ("1", "0", "100", "", "a", "-1", "1.5", " 1", "1 ", "007", "+3",
                "99999999999999999999"):
        c.bind(queue, exchange, key)


def consistent_hash_without_bindings(s):
    c = s.channel()
    exchange = c.exchange("x", "x-consistent-hash")
    c.publish(exchange, "k", "a", mandatory=True)
    c.take(1)
    queue = c.queue("q")
    c.bind(queue, exchange, "5")
    c.publish(exchange, "k", "b", mandatory=True)
    c.sync()
    c.call("queue.unbind", queue=queue, exchange=exchange, routing_key="5")
    c.publish(exchange, "k", "c", mandatory=True)
    c.take(1)
    c.drain(queue)


def consistent_hash_unbound_goes_to_the_others(s):
    c = s.channel()
    exchange = c.exchange("x", "x-consistent-hash")
    queues = _hash_queues(c, exchange, ["10", "10"])
    c.call("queue.unbind", queue=queues[0], exchange=exchange, routing_key="10")
    c.pour([(exchange, f"key{number}", "m", {}) for number in range(50)])
    s.note(f"counts: {_read_counts(c, queues)}")


def consistent_hash_redeclared(s):
    c = s.channel()
    c.exchange("x", "x-consistent-hash", arguments={"hash-header": "a"})
    c.exchange("x", "x-consistent-hash", arguments={"hash-header": "b"})
    c.exchange("x", "x-consistent-hash")
    c.exchange("x", "x-consistent-hash", arguments={"hash-header": "a", "alternate-exchange": "b"})


def random(s):
    c = s.channel()
    exchange = c.exchange("x", "x-random")
    c.publish(exchange, "k", "nobody", mandatory=True)
    c.take(1)
    queues = [c.queue(f"q{number}") for number in range(3)]
    for number, queue in enumerate(queues):
        c.bind(queue, exchange, f"any key {number}")
    _spread(s, c, exchange, queues, lambda number: ("same", "m", {}))


def random_with_two_bindings_of_a_queue(s):
    c = s.channel()
    exchange = c.exchange("x", "x-random")
    queue = c.queue("q")
    for key in ("a", "b", ""):
        c.bind(queue, exchange, key)
    c.pour([(exchange, "same", str(number), {}) for number in range(20)])
    s.note(f"ready: {c.ready(queue)}")


def modulus_hash(s):
    c = s.channel()
    exchange = c.exchange("x", "x-modulus-hash")
    c.publish(exchange, "k", "nobody", mandatory=True)
    c.take(1)
    queues = [c.queue(f"q{number}") for number in range(3)]
    for queue in queues:
        c.bind(queue, exchange, "any")
    _spread(s, c, exchange, queues,
            lambda number: (f"key{number}", "m", {}))
    for queue in queues:
        c._channel.call("queue.purge", queue=queue)
    c.pour([(exchange, "one key", "m", {})] * 20)
    s.note(f"counts: {sorted(_read_counts(c, queues))}")


def recent_history_default_length(s):
    c = s.channel()
    exchange = c.exchange("x", "x-recent-history")
    for number in range(25):
        c.put(exchange, "k", str(number))
    queue = c.queue("q")
    c.bind(queue, exchange)
    c.await_ready(queue, 20)
    s.note("bodies: " + " ".join(c._channel.drain(queue)))


def recent_history_of_its_own_length(s):
    c = s.channel()
    exchange = c.exchange("x", "x-recent-history", arguments={"x-recent-history-length": 3})
    first = c.queue("first")
    c.bind(first, exchange, "key of the binding")
    for number in range(5):
        c.put(exchange, f"key{number}", str(number), headers={"n": number}, message_id=str(number))
    c.drain(first)
    second = c.queue("second")
    c.bind(second, exchange, "another")
    c.await_ready(second, 3)
    c.drain(second)
    s.step("binding again gives it again")
    c.bind(second, exchange, "a third")
    s.pause(200)
    c.drain(second)
    s.step("the first one gets no history twice")
    c.drain(first)


def recent_history_no_store(s):
    c = s.channel()
    exchange = c.exchange("x", "x-recent-history")
    c.put(exchange, "k", "stored")
    for value in (True, False, "true", 1):
        c.put(exchange, "k", f"{value!r}", headers={"x-recent-history-no-store": value})
    queue = c.queue("q")
    c.bind(queue, exchange)
    s.pause(300)
    c.drain(queue)


def recent_history_lengths(s):
    c = s.channel()
    for value in (0, -1, 1, "5", True, None, 1.5, Field("l", 2**40)):
        exchange = c.exchange("x", "x-recent-history", arguments={"x-recent-history-length": value})
        c.call("exchange.delete", exchange=exchange)


def recent_history_goes_with_the_exchange(s):
    c = s.channel()
    exchange = c.exchange("x", "x-recent-history")
    c.put(exchange, "k", "old")
    c.call("exchange.delete", exchange=exchange)
    c.exchange("x", "x-recent-history")
    queue = c.queue("q")
    c.bind(queue, exchange)
    s.pause(300)
    c.drain(queue)


def recent_history_to_an_exchange(s):
    c = s.channel()
    exchange = c.exchange("x", "x-recent-history")
    c.put(exchange, "k", "a")
    other = c.exchange("y", "fanout")
    queue = c.queue("q")
    c.bind(queue, other)
    c.call("exchange.bind", destination=other, source=exchange, routing_key="")
    s.pause(300)
    c.drain(queue)
