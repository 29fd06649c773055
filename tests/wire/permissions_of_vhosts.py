"""A user enters the virtual hosts where it has permissions: elsewhere 530 in place of open-ok."""

import pathlib

DEFINITIONS = pathlib.Path(__file__).parent / "definitions" / "shop.json"
OWN_BROKER = ["--definitions", str(DEFINITIONS)]
# The reference broker is started without definitions.
TERNMQ_ONLY = True


def run(t):
    t.channel(user="ann", password="secret", vhost="shop").expect_quiet()
    for vhost in ("/", "other"):
        connection = t.connect(handshake="tune-ok", user="ann", password="secret", vhost=vhost)
        connection.expect_close(
            530, f"NOT_ALLOWED - access to vhost '{vhost}' refused for user 'ann'", 10, 40)
    connection = t.connect(handshake="tune-ok", user="ann", password="secret", vhost="nowhere")
    connection.expect_close(530, "NOT_ALLOWED - vhost nowhere not found", 10, 40)
