"""Arguments of exchange.declare and what alternate exchanges do."""


def alternate_exchange_values(s):
    c = s.channel()
    for value in ("other", "", 5, True, None, ["a"], {"a": 1}, b"bytes"):
        exchange = c.exchange("x", "direct", arguments={"alternate-exchange": value})
        c.call("exchange.delete", exchange=exchange)


def redeclared_with_other_arguments(s):
    c = s.channel()
    exchange = c.exchange("x", "topic", arguments={"alternate-exchange": "a", "own": 1})
    c.exchange("x", "topic", arguments={"alternate-exchange": "b"})
    c.exchange("x", "topic", arguments={})
    c.exchange("x", "topic", arguments={"alternate-exchange": "a"})
    c.exchange("x", "topic", arguments={"alternate-exchange": "a", "own": 2, "more": 3})
    c.exchange("x", "direct", arguments={"alternate-exchange": "a"})
    c.exchange("x", "topic", durable=True, arguments={"alternate-exchange": "b"})
    c.call("exchange.declare", exchange=exchange, type="topic", passive=True)


def added_alternate_exchange(s):
    c = s.channel()
    c.exchange("x", "topic")
    c.exchange("x", "topic", arguments={"alternate-exchange": "b"})


def alternate_exchange_is_missing(s):
    c = s.channel()
    exchange = c.exchange("x", "direct", arguments={"alternate-exchange": s.name("none")})
    c.publish(exchange, "k", "a", mandatory=True)
    c.take(1)


def alternate_chain_and_circle(s):
    c = s.channel()
    one = c.exchange("one", "direct", arguments={"alternate-exchange": s.name("two")})
    c.exchange("two", "direct", arguments={"alternate-exchange": s.name("three")})
    c.exchange("three", "direct", arguments={"alternate-exchange": s.name("one")})
    queue = c.queue("q")
    c.bind(queue, s.name("three"), "k")
    c.put(one, "k", "through the chain")
    c.get(queue)
    c.publish(one, "nobody", "a circle", mandatory=True)
    c.take(1)


def unknown_types(s):
    c = s.channel()
    for kind in ("", "nonesuch", "x-delayed", "Nonesuch", "x-random "):
        c.exchange("x", kind)


def system_exchanges(s):
    c = s.channel()
    for name, kind in (("amq.direct", "topic"), ("amq.direct", "direct"), ("amq.new", "direct"),
                       ("amq.topic", "topic"), ("", "direct")):
        c.call("exchange.declare", exchange=name, type=kind, durable=True)
        c.call("exchange.declare", exchange=name, type=kind)
    c.call("exchange.declare", exchange="amq.rabbitmq.trace", type="topic", passive=True)
    c.call("exchange.delete", exchange="amq.match")


def unknown_arguments_are_taken(s):
    c = s.channel()
    c.exchange("x", "fanout", arguments={"x-unheard-of": 1, "hash-header": 5, "other": None})
