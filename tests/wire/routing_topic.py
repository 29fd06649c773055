"""Topic patterns: words between dots, * for one word, # for any number, "" for no words."""

from support import wire

# Pattern, keys that match, keys that don't.
ROWS = [
    ("#", ["", "a", "a.b", ".", "a."], []),
    ("", [""], ["a", "."]),
    ("*", ["a", "abc"], ["", "a.b", "."]),
    ("a.*", ["a.b", "a."], ["a", "a.b.c", "b.a"]),
    ("a.#", ["a", "a.b.b", "a..b", "a."], ["", "b", "ab"]),
    ("*.#", ["a", "a.b", "."], [""]),
    ("#.*", ["a", "a.b"], [""]),
    ("a.#.b", ["a.b", "a.b.b", "a..b", "a.x.y.b"], ["a", "b", "a.b.c"]),
    ("#.b.#", ["b", "a.b", "b.c", "a.b.c"], ["", "a", "a.c"]),
    ("*.*", ["a.b", "."], ["a", "a.b.c"]),
    ("#.#", ["", "a", "a.b.c"], []),
    ("a.b", ["a.b"], ["a", "a.b.c", "a.c"]),
    ("*.error", ["payments.error", ".error"], ["error", "a.b.error", "payments.errors"]),
    ("payments.*", ["payments.error", "payments.info"], ["payments", "payments.a.b"]),
    ("a*.b", ["a*.b"], ["ab.b", "ax.b"]),
    ("#a", ["#a"], ["a", "x.a"]),
]


def run(t):
    channel = t.channel()
    exchange = channel.exchange(t.name("x"), "topic", auto_delete=True)
    queue = channel.queue(exclusive=True)

    def matched(pattern, hits, misses):
        channel.bind(queue, exchange, pattern)
        channel.bind(queue, exchange, "keep.the.exchange.alive")
        for key in hits + misses:
            channel.publish(exchange, key, key)
        wire.equal(channel.drain(queue), hits, f"keys that {pattern!r} matches")
        channel.call("queue.unbind", queue=queue, exchange=exchange, routing_key=pattern)

    t.each(ROWS, matched)
