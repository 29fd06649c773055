"""Limits of users and virtual hosts: 530 for connections and channels, 406 for queues."""

import json
import pathlib
import tempfile

from support import wire

OWN_BROKER = []
# The reference broker has no definitions; tests/differential compares the same texts.
TERNMQ_ONLY = True

USER = {"user": "ann", "password": "secret", "vhost": "shop"}


def limit(t, user=None, vhost=None):
    definitions = {
        "users": [{"name": "ann", "password": "secret", "tags": "", "limits": user or {}}],
        "vhosts": [{"name": "shop"}],
        "permissions": [{"user": "ann", "vhost": "shop", "configure": ".*", "write": ".*",
                         "read": ".*"}],
        "parameters": [{"vhost": "shop", "component": "vhost-limits", "name": "limits",
                        "value": vhost or {}}],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "limits.json")
        path.write_text(json.dumps(definitions))
        t.server.control("definitions", "import", str(path))


def comes_in(t):
    try:
        t.connect(**USER).close()
        return True
    except wire.Failure:
        return False


def run(t):
    limit(t, user={"max-connections": 1, "max-channels": 2})
    first = t.connect(**USER)
    t.connect(handshake="tune-ok", **USER).expect_close(
        530, "NOT_ALLOWED - connection refused for user 'ann': user connection limit (1) is "
        "reached", 10, 40)
    # Those who may not enter, or come for a virtual host that is not there, are not counted.
    t.connect(handshake="tune-ok", **{**USER, "vhost": "none"}).expect_close(
        530, "NOT_ALLOWED - vhost none not found", 10, 40)
    first.channel().close()
    first.channel()
    first.channel()
    first.send("channel.open", 9)
    first.expect_close(
        530, "NOT_ALLOWED - number of channels opened for user 'ann' has reached the maximum "
        "allowed user limit of (2)")
    first.abort()
    t.until(lambda: comes_in(t), "the user comes in again")

    limit(t, vhost={"max-connections": 1, "max-queues": 1})
    connection = t.connect(**USER)
    t.connect(handshake="tune-ok", **USER).expect_close(
        530, "NOT_ALLOWED - access to vhost 'shop' refused for user 'ann': connection limit (1) "
        "is reached", 10, 40)
    t.channel().expect_quiet()
    channel = connection.channel()
    channel.queue("a")
    channel.queue("a")
    channel.send("queue.declare", queue="b")
    channel.expect_error(
        406, "PRECONDITION_FAILED - cannot declare queue 'b': queue limit in vhost 'shop' (1) is "
        "reached", 50, 10)
    limit(t, vhost={"max-queues": 2})
    connection.channel().queue("b")
