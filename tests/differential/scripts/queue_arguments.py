"""Arguments of queue.declare: each with wrong types and out of range, on both queue kinds."""

from support.codec import Field

VALUES = {
    "integers": [-1, 0, 1, Field("l", 2**31), Field("l", 2**32), Field("l", 2**40),
                 Field("l", 2**63 - 1), Field("l", -2**63), Field("b", 5), Field("B", 200),
                 Field("s", 300), Field("u", 60000), Field("i", 4000000000)],
    "others": ["a", "", "5", True, False, 1.5, Field("f", 2.0), None, b"bytes", [1], {"a": 1},
               Field("T", 1700000000), Field("D", (1, 10))],
}
NUMBERS = ["x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-max-priority"]


def _declare_each(s, name, values, kind="classic", more=None):
    """Declares a queue with each value; what is accepted is deleted again."""
    c = s.channel()
    for value in values:
        arguments = {**({} if kind == "classic" else {"x-queue-type": kind}), **(more or {}),
                     name: value}
        queue = s.name("q")
        ok = c.call("queue.declare", queue=queue, durable=True, arguments=arguments)
        s.remember("queue", queue)
        if getattr(ok, "name", "") == "queue.declare-ok":
            c._channel.call("queue.delete", queue=queue)


def _numbers(name, kind, values):
    def script(s):
        _declare_each(s, name, VALUES[values], kind)
    script.__name__ = f"{name[2:].replace('-', '_')}_{values}_{kind}"
    script.__module__ = __name__
    return script


for _name in NUMBERS:
    for _kind in ("classic", "quorum"):
        for _values in VALUES:
            _script = _numbers(_name, _kind, _values)
            globals()[_script.__name__] = _script
del _script


def dead_letter_exchange(s):
    for kind in ("classic", "quorum"):
        _declare_each(s, "x-dead-letter-exchange", ["", "anything", *VALUES["others"][3:], 5], kind)


def dead_letter_routing_key(s):
    for kind in ("classic", "quorum"):
        _declare_each(s, "x-dead-letter-routing-key", ["k"], kind)
        _declare_each(s, "x-dead-letter-routing-key", ["k", "", 1, True, None, [1]], kind,
                      {"x-dead-letter-exchange": "x"})


def dead_letter_strategy(s):
    _declare_each(s, "x-dead-letter-strategy",
                  ["at-most-once", "bad", "", 1, True, None], "quorum")


def overflow(s):
    for kind in ("classic", "quorum"):
        _declare_each(s, "x-overflow", ["drop-head", "reject-publish", "reject-publish-dlx", "bad",
                                        "", 1, True, None, ["drop-head"]], kind)


def single_active_consumer(s):
    for kind in ("classic", "quorum"):
        _declare_each(s, "x-single-active-consumer", [True, False, "true", 1, None, [True]], kind)


def queue_type(s):
    _declare_each(s, "x-queue-type", ["classic", "quorum", "bad", "", 1, True, None, "CLASSIC"])


def queue_mode(s):
    _declare_each(s, "x-queue-mode", ["default", "lazy", "bad", "", 1, True, None])
    _declare_each(s, "x-queue-mode", ["lazy"], "quorum")


def queue_version(s):
    _declare_each(s, "x-queue-version", [1, 2, 3, 0, -1, "2", True, None])


def delivery_limit(s):
    _declare_each(s, "x-delivery-limit", [0, 1, Field("l", 2**40)], "quorum")
    _declare_each(s, "x-delivery-limit", [1, "a"])


def foreign_arguments_of_each_kind(s):
    """Arguments that the other kind of queue knows."""
    _declare_each(s, "x-max-priority", [5], "quorum")
    _declare_each(s, "x-queue-mode", ["lazy"], "quorum")
    _declare_each(s, "x-quorum-initial-group-size", [3, -1, "a"])
    _declare_each(s, "x-quorum-initial-group-size", [1, 3], "quorum")
    _declare_each(s, "x-max-age", ["1h", "bad"])
    _declare_each(s, "x-max-in-memory-length", [5], "quorum")
    _declare_each(s, "x-max-in-memory-bytes", [5], "quorum")
    _declare_each(s, "x-queue-leader-locator", ["client-local", "balanced"], "quorum")


def unknown_arguments_are_taken(s):
    _declare_each(s, "x-unheard-of", [1, "a", None, [1, "a"], {"a": {"b": 1}}, Field("D", (1, 5))])


def the_first_bad_argument_is_named(s):
    c = s.channel()
    for arguments in ({"x-message-ttl": -1, "x-max-length": -2},
                      {"x-max-length": -2, "x-message-ttl": -1},
                      {"x-overflow": "bad", "x-expires": 0},
                      {"x-dead-letter-routing-key": "k", "x-queue-mode": "bad"},
                      {"x-max-priority": 256, "x-dead-letter-exchange": 5}):
        c.queue("q", arguments=arguments)


def expires_on_each_life(s):
    c = s.channel()
    c.queue("exclusive", exclusive=True, arguments={"x-expires": 60000})
    c.queue("auto", auto_delete=True, arguments={"x-expires": 60000})
