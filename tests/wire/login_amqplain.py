"""AMQPLAIN: LOGIN and PASSWORD in a table body without its length."""

from support import codec


def run(t):
    good = codec.table_body({"LOGIN": "guest", "PASSWORD": "guest"})
    t.connect(mechanism="AMQPLAIN", response=good).expect_open()
    bad = codec.table_body({"LOGIN": "guest", "PASSWORD": "wrong"})
    connection = t.connect(handshake="start-ok", mechanism="AMQPLAIN", response=bad)
    connection.expect_close(
        403, "ACCESS_REFUSED - Login was refused using authentication mechanism AMQPLAIN. "
        "For details see the broker logfile.")
