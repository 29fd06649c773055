"""Names that begin with amq. are the server's: 403; what it made may be declared again equally."""

ROWS = [
    ("queue.declare", {"queue": "amq.X"}, "queue name 'amq.X' contains reserved prefix 'amq.*'",
     50, 10),
    ("exchange.declare", {"exchange": "amq.X", "type": "direct"},
     "exchange name 'amq.X' contains reserved prefix 'amq.*'", 40, 10),
    ("exchange.declare", {"exchange": "", "type": "direct"},
     "operation not permitted on the default exchange", 40, 10),
    ("exchange.delete", {"exchange": ""}, "operation not permitted on the default exchange",
     40, 20),
    ("queue.bind", {"queue": "?", "exchange": ""},
     "operation not permitted on the default exchange", 50, 20),
    ("queue.unbind", {"queue": "?", "exchange": ""},
     "operation not permitted on the default exchange", 50, 50),
    ("exchange.bind", {"destination": "amq.direct", "source": ""},
     "operation not permitted on the default exchange", 40, 30),
    ("exchange.bind", {"destination": "", "source": "amq.direct"},
     "operation not permitted on the default exchange", 40, 30),
    ("exchange.delete", {"exchange": "amq.direct"},
     "deletion of system exchange 'amq.direct' in vhost '/' not allowed", 40, 20),
]
PREDECLARED = [("amq.direct", "direct", {}), ("amq.fanout", "fanout", {}),
               ("amq.topic", "topic", {}), ("amq.headers", "headers", {}),
               ("amq.match", "headers", {}), ("amq.rabbitmq.trace", "topic", {"internal": True})]


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)

    def refused(method, arguments, text, class_id, method_id):
        channel.send(method, **{k: queue if v == "?" else v for k, v in arguments.items()})
        channel.expect_error(403, f"ACCESS_REFUSED - {text}", class_id, method_id)
        channel.reopen()

    t.each(ROWS, refused)
    for name, kind, flags in PREDECLARED:
        channel.exchange(name, kind, durable=True, **flags)
        channel.exchange(name, kind, passive=True)
