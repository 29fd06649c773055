"""An unknown virtual host is refused with 530 in place of open-ok."""


def run(t):
    connection = t.connect(handshake="tune-ok", vhost="/nope")
    connection.expect_close(530, "NOT_ALLOWED - vhost /nope not found", 10, 40)
