"""Any other protocol header is answered with ours, and the socket is closed."""

HEADERS = [(b"GET / HT",), (b"AMQP\x00\x01\x00\x00",), (b"AMQP\x03\x01\x00\x00",),
           (b"AMQP\x00\x00\x09\x02",), (b"\x16\x03\x01\x02\x00\x01\x00\x01",), (b"\xff" * 8,)]


def run(t):
    def refused(header):
        connection = t.connect(handshake="")
        connection.send_bytes(header)
        connection.expect_end(allowed=b"AMQP\0\0\x09\x01")

    t.each(HEADERS, refused)
