"""An unknown mechanism or a malformed login response closes the socket without a frame."""

ROWS = [("EXTERNAL-NOT", "x"), ("", ""), ("PLAIN", "guest"), ("PLAIN", "\0guest"),
        ("AMQPLAIN", b"\x05LOGINS\0\0\xff\xffguest")]
SECONDS = 45


def run(t):
    def refused(mechanism, response):
        connection = t.connect(handshake="start-ok", mechanism=mechanism, response=response)
        connection.expect_end(within=8)

    t.each(ROWS, refused)
