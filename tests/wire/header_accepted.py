"""The headers of 0-9-1 and of 0-8/0-9 are both answered with connection.start of 0-9."""


def run(t):
    for header in (b"AMQP\0\0\x09\x01", b"AMQP\x01\x01\0\x09"):
        connection = t.connect(handshake="")
        connection.send_bytes(header)
        connection.expect("connection.start", version_major=0, version_minor=9)
