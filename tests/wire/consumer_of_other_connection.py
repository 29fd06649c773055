"""Messages go from a publisher to consumers of other connections, in order, tags per channel."""

from support import wire


def run(t):
    publisher = t.channel()
    queue = publisher.queue(t.name(), auto_delete=True)
    connection = t.connect()
    manual, auto = connection.channel(), connection.channel()
    manual.consume(queue)
    publisher.connection.send_bytes(b"".join(
        publisher.publish_bytes("", queue, str(i)) for i in range(1000)))
    for number in range(1000):
        message = manual.expect_message(delivery_tag=number + 1, redelivered=False, exchange="",
                                        routing_key=queue)
        wire.equal(message.body.decode(), str(number), "body")
    manual.close()
    auto.queue(t.name("other"), exclusive=True)
    wire.equal(auto.queue(exclusive=True)[:8], "amq.gen-", "the connection goes on")
