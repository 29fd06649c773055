"""Limits of users and virtual hosts: connections, channels, queues, and the texts of refusals.

RabbitMQ counts connections and channels a moment after they were opened or have gone.
"""

from support import wire

_COUNTED = 300  # ms


def _user_and_vhost(s, user_limits=None, vhost_limits=None):
    """The options of a connection."""
    user, vhost = s.name("user"), s.name("vhost")
    definitions = {
        "users": [{"name": user, "password": "secret", "tags": "", "limits": user_limits or {}}],
        "vhosts": [{"name": vhost}],
        "permissions": [{"user": user, "vhost": vhost, "configure": ".*", "write": ".*",
                         "read": ".*"}],
        "parameters": [],
    }
    if vhost_limits is not None:
        definitions["parameters"] = [{"vhost": vhost, "component": "vhost-limits",
                                      "name": "limits", "value": vhost_limits}]
    s.control.import_definitions(definitions)
    return {"user": user, "password": "secret", "vhost": vhost}


def _note_refusal(s, connection):
    close = connection.expect("connection.close")
    s.note(f"{close.reply_code} {close.reply_text} class {close.class_id} method "
           f"{close.method_id}")
    connection.send("connection.close-ok")
    connection.expect_end()


def _connections(s, most, options):
    opened = [s.connect(**options) for _ in range(most)]
    s.pause(_COUNTED)
    _note_refusal(s, s.connect(handshake="tune-ok", **options))
    for connection in opened:
        connection.close()

    def comes_in():
        try:
            s.connect(**options).close()
            return True
        except wire.Failure:
            return False
    if most:
        s.until(comes_in, "there is room again")


def connections_of_a_user(s):
    _connections(s, 2, _user_and_vhost(s, user_limits={"max-connections": 2}))


def no_connections_of_a_user(s):
    _connections(s, 0, _user_and_vhost(s, user_limits={"max-connections": 0}))


def connections_in_a_vhost(s):
    _connections(s, 1, _user_and_vhost(s, vhost_limits={"max-connections": 1}))


def no_connections_in_a_vhost(s):
    _connections(s, 0, _user_and_vhost(s, vhost_limits={"max-connections": 0}))


def the_vhost_is_full_before_the_user(s):
    _connections(s, 1, _user_and_vhost(s, user_limits={"max-connections": 1},
                                       vhost_limits={"max-connections": 1}))


def negative_limits_are_none(s):
    options = _user_and_vhost(s, user_limits={"max-connections": -1, "max-channels": -1},
                              vhost_limits={"max-connections": -1, "max-queues": -1})
    channel = s.connect(**options).channel()
    channel.queue(s.name("q"), exclusive=True)
    s.note("no limit")


def channels_of_a_user(s):
    options = _user_and_vhost(s, user_limits={"max-channels": 2})
    connection, other = s.connect(**options), s.connect(**options)
    first = connection.channel()
    other.channel()
    s.pause(_COUNTED)
    first.close()
    s.pause(_COUNTED)
    connection.channel()
    s.pause(_COUNTED)
    connection.send("channel.open", 3)
    _note_refusal(s, connection)
    s.pause(_COUNTED)
    other.channel()
    s.note("there is room again")


def queues_in_a_vhost(s):
    options = _user_and_vhost(s, vhost_limits={"max-queues": 2})
    c = s.channel("c", s.connect(**options))
    first, second = c.queue("a"), c.queue("b", exclusive=True)
    c.call("queue.declare", queue=first)
    c.queue("c")
    c.call("queue.declare", queue=first, durable=True)
    c.call("queue.delete", queue=second)
    c.queue("c")
