"""Declaring a queue again with other arguments or properties."""

from support.codec import Field

QUORUM = {"x-queue-type": "quorum"}


def _again(s, first, second, **others):
    c = s.channel()
    queue = c.queue("q", durable=True, arguments=first, **others)
    c.call("queue.declare", queue=queue, durable=True, arguments=second, **others)
    c.call("queue.declare", queue=queue, passive=True, arguments={"x-message-ttl": "bad"})
    c.call("queue.delete", queue=queue)


def numbers_of_other_values(s):
    for name in ("x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes",
                 "x-max-priority"):
        _again(s, {name: 100000 if name != "x-max-priority" else 10},
               {name: 100001 if name != "x-max-priority" else 11})


def numbers_left_out_or_added(s):
    for name in ("x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes",
                 "x-max-priority"):
        value = 100000 if name == "x-expires" else 100
        _again(s, {name: value}, {})
        _again(s, {}, {name: Field("l", value)})


def numbers_of_other_types(s):
    """Integers of different sizes are equal when their values are."""
    _again(s, {"x-message-ttl": 100}, {"x-message-ttl": Field("l", 100)})
    _again(s, {"x-max-length": Field("b", 100)}, {"x-max-length": Field("s", 100)})
    _again(s, {"x-max-priority": Field("B", 10)}, {"x-max-priority": 10})
    _again(s, {"x-max-length": Field("u", 7)}, {"x-max-length": Field("i", 8)})


def dead_letters(s):
    _again(s, {"x-dead-letter-exchange": "a"}, {"x-dead-letter-exchange": "b"})
    _again(s, {"x-dead-letter-exchange": "a"}, {})
    _again(s, {"x-dead-letter-exchange": "a"},
           {"x-dead-letter-exchange": "a", "x-dead-letter-routing-key": "k"})
    _again(s, {"x-dead-letter-exchange": "a", "x-dead-letter-routing-key": "k"},
           {"x-dead-letter-exchange": "a", "x-dead-letter-routing-key": ""})


def overflow_and_others(s):
    _again(s, {"x-overflow": "drop-head"}, {})
    _again(s, {"x-overflow": "reject-publish"}, {"x-overflow": "reject-publish-dlx"})
    _again(s, {"x-single-active-consumer": True}, {"x-single-active-consumer": False})
    _again(s, {"x-single-active-consumer": False}, {})


def queue_types(s):
    _again(s, {"x-queue-type": "classic"}, {})
    _again(s, {}, {"x-queue-type": "classic"})
    _again(s, {"x-queue-type": "classic"}, QUORUM)
    _again(s, QUORUM, {"x-queue-type": "classic"})
    _again(s, QUORUM, {})


def quorum_arguments(s):
    _again(s, QUORUM, {**QUORUM, "x-delivery-limit": 5})
    _again(s, {**QUORUM, "x-delivery-limit": 5}, {**QUORUM, "x-delivery-limit": 6})
    _again(s, {**QUORUM, "x-delivery-limit": 5}, QUORUM)
    _again(s, {**QUORUM, "x-max-length": 5}, {**QUORUM, "x-max-length": 6})
    _again(s, {**QUORUM, "x-dead-letter-strategy": "at-most-once"}, QUORUM)


def unknown_arguments_are_not_compared(s):
    _again(s, {"x-unheard-of": 1}, {"x-unheard-of": 2})
    _again(s, {"x-unheard-of": 1}, {"own": "other"})


def what_is_compared_first(s):
    _again(s, {"x-message-ttl": 1, "x-max-length": 1}, {"x-message-ttl": 2, "x-max-length": 2})
    _again(s, {"x-max-length": 1, "x-expires": 99999}, {"x-expires": 88888, "x-max-length": 2})
    c = s.channel()
    queue = c.queue("p", durable=True, arguments={"x-max-length": 1})
    c.call("queue.declare", queue=queue, arguments={"x-max-length": 2})
    c.call("queue.declare", queue=queue, durable=True, auto_delete=True,
           arguments={"x-max-length": 2})


def invalid_beats_inequivalent(s):
    c = s.channel()
    queue = c.queue("q", durable=True, arguments={"x-max-length": 1})
    c.call("queue.declare", queue=queue, durable=True, arguments={"x-max-length": -1})
    c.call("queue.declare", queue=queue, durable=True, arguments={"x-max-length": "a"})


def void_arguments(s):
    _again(s, {"x-dead-letter-exchange": "a"}, {"x-dead-letter-exchange": "a", "own": None})
