"""Redeclaring a queue with other known arguments: 406; unknown arguments are not compared."""

from support.codec import Field

ROWS = [
    ({"x-max-length": 5}, {"x-max-length": 6}, "x-max-length", "'6'", "'5'"),
    ({"x-expires": 60000}, {"x-expires": 70000}, "x-expires", "'70000'", "'60000'"),
    ({"x-message-ttl": 1000}, {}, "x-message-ttl", None, (1000, "signedint")),
    ({}, {"x-message-ttl": 1000}, "x-message-ttl", (1000, "signedint"), None),
    ({}, {"x-max-length": Field("l", 7)}, "x-max-length", (7, "long"), None),
    ({}, {"x-max-priority": Field("b", 4)}, "x-max-priority", (4, "byte"), None),
    ({}, {"x-dead-letter-exchange": "gone"}, "x-dead-letter-exchange", ("gone", "longstr"), None),
    ({"x-single-active-consumer": True}, {}, "x-single-active-consumer", None, ("true", "bool")),
    ({"x-dead-letter-exchange": "a", "x-dead-letter-routing-key": "k"},
     {"x-dead-letter-exchange": "a", "x-dead-letter-routing-key": "m"},
     "x-dead-letter-routing-key", "'m'", "'k'"),
    ({"x-overflow": "drop-head"}, {"x-overflow": "reject-publish"}, "x-overflow",
     "'reject-publish'", "'drop-head'"),
]


def text_of(value, none):
    """An argument that is on one side only is shown with its type, or as none."""
    if value is None:
        return none
    return value if isinstance(value, str) else f"the value '{value[0]}' of type '{value[1]}'"


def run(t):
    channel = t.channel()

    def refused(first, second, what, received, current):
        queue = channel.queue(t.name(), arguments=first)
        channel.queue(queue, arguments=first)
        channel.send("queue.declare", queue=queue, arguments=second)
        channel.expect_error(
            406, f"PRECONDITION_FAILED - inequivalent arg '{what}' for queue '{queue}' in vhost "
            f"'/': received {text_of(received, 'none')} but current is "
            f"{text_of(current, 'none')}", 50, 10)
        channel.reopen().call("queue.delete", queue=queue)

    t.each(ROWS, refused)
    queue = channel.queue(t.name(), exclusive=True, arguments={"x-unheard-of": 1, "other": "a"})
    channel.queue(queue, exclusive=True, arguments={"x-unheard-of": 2})
    queue = channel.queue(t.name(), exclusive=True, arguments={"x-max-length": 5})
    channel.queue(queue, exclusive=True, arguments={"x-max-length": Field("l", 5)})
