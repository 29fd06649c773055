"""Naming a queue or an exchange that is not there closes the channel: 404 with its name."""

QUEUE, EXCHANGE = "no queue '{}' in vhost '/'", "no exchange '{}' in vhost '/'"
ROWS = [
    ("queue.declare", {"queue": "?", "passive": True}, QUEUE, 50, 10),
    ("queue.declare", {"queue": "?", "passive": True, "nowait": True}, QUEUE, 50, 10),
    ("queue.bind", {"queue": "?", "exchange": "amq.direct"}, QUEUE, 50, 20),
    ("queue.purge", {"queue": "?"}, QUEUE, 50, 30),
    ("basic.get", {"queue": "?"}, QUEUE, 60, 70),
    ("basic.consume", {"queue": "?"}, QUEUE, 60, 20),
    ("basic.consume", {"queue": "?", "nowait": True}, QUEUE, 60, 20),
    ("exchange.declare", {"exchange": "?", "passive": True}, EXCHANGE, 40, 10),
    ("queue.bind", {"queue": "!", "exchange": "?"}, EXCHANGE, 50, 20),
    ("exchange.bind", {"destination": "?", "source": "amq.direct"}, EXCHANGE, 40, 30),
    ("exchange.bind", {"destination": "amq.direct", "source": "?"}, EXCHANGE, 40, 30),
]


def run(t):
    channel = t.channel()
    present = channel.queue(t.name(), exclusive=True)

    def refused(method, arguments, text, class_id, method_id):
        missing = t.name("missing")
        places = {"?": missing, "!": present}
        channel.send(method, **{k: places.get(v, v) for k, v in arguments.items()})
        channel.expect_error(404, "NOT_FOUND - " + text.format(missing), class_id, method_id)
        channel.reopen()

    t.each(ROWS, refused)
