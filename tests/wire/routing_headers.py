"""Headers exchanges: all, any, with and without x- keys; void matches any value; types by
family.
"""

from support import wire
from support.codec import Field

ALL, ANY = {"x-match": "all"}, {"x-match": "any"}
# Binding arguments, headers that match, headers that don't.
ROWS = [
    ({"a": 1, "b": "x"}, [{"a": 1, "b": "x"}, {"a": 1, "b": "x", "c": 2}], [{"a": 1}, {}, None]),
    ({**ALL, "a": 1}, [{"a": 1}, {"a": Field("l", 1)}, {"a": Field("b", 1)}],
     [{"a": "1"}, {"a": True}, {"a": 2}, {"A": 1}]),
    ({**ANY, "a": 1, "b": 2}, [{"a": 1}, {"b": 2, "a": 5}], [{"a": 2}, {}, None, {"c": 1}]),
    (ANY, [], [{}, {"a": 1}, None]),
    (ALL, [{}, {"a": 1}, None], []),
    ({}, [{}, {"a": 1}, None], []),
    ({**ALL, "a": None}, [{"a": 1}, {"a": "x"}, {"a": None}, {"a": {"b": 1}}], [{"b": 1}, {}]),
    ({**ANY, "a": None, "b": 1}, [{"a": "x"}, {"b": 1}], [{"b": 2}]),
    ({**ALL, "x-other": 1, "a": 1}, [{"a": 1}, {"a": 1, "x-other": 2}], [{"x-other": 1}]),
    ({**ANY, "x-other": 1}, [], [{"x-other": 1}, {}]),
    ({"x-match": "all-with-x", "x-other": 1, "a": 1}, [{"a": 1, "x-other": 1}],
     [{"a": 1}, {"x-other": 1}]),
    ({"x-match": "any-with-x", "x-other": 1, "a": 1}, [{"a": 1}, {"x-other": 1}], [{}]),
    ({**ALL, "a": True}, [{"a": True}], [{"a": False}, {"a": 1}, {"a": "true"}]),
    ({**ALL, "a": 1.5}, [{"a": 1.5}, {"a": Field("f", 1.5)}], [{"a": "1.5"}]),
]


def run(t):
    channel = t.channel()
    exchange = channel.exchange(t.name("x"), "headers")
    queue = channel.queue(exclusive=True)

    def matched(arguments, hits, misses):
        channel.bind(queue, exchange, "", arguments)
        for number, headers in enumerate(hits + misses):
            properties = {} if headers is None else {"headers": headers}
            channel.publish(exchange, "any key", str(number), **properties)
        wire.equal(channel.drain(queue), [str(i) for i in range(len(hits))],
                   f"headers that {arguments} matches")
        channel.call("queue.unbind", queue=queue, exchange=exchange, arguments=arguments)

    t.each(ROWS, matched)
    channel.call("exchange.delete", exchange=exchange)
