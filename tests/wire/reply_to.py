"""Direct reply-to: the request carries amq.rabbitmq.reply-to.TOKEN; the reply comes to the
caller.
"""

from support import wire

NAME = "amq.rabbitmq.reply-to"


def run(t):
    server, client = t.channel(), t.channel()
    requests = server.queue(t.name(), auto_delete=True)
    server.consume(requests, no_ack=True)
    tag = client.consume(NAME, no_ack=True)
    for number in range(3):
        client.publish("", requests, f"question {number}", reply_to=NAME,
                       correlation_id=str(number))
        request = server.expect_message()
        address = request.properties["reply_to"]
        wire.check(address.startswith(NAME + ".") and len(address) > len(NAME) + 20,
                   f"reply address {address}")
        server.send("queue.declare", queue=address, passive=True)
        server.expect("queue.declare-ok", queue=address)
        server.publish("", address, f"answer {number}",
                       correlation_id=request.properties["correlation_id"])
        reply = client.expect_message(consumer_tag=tag, redelivered=False, exchange="",
                                      routing_key=address)
        wire.equal((reply.body.decode(), reply.properties), (
            f"answer {number}", {"correlation_id": str(number)}), "reply")
    # Another reply_to is left alone.
    client.publish("", requests, "x", reply_to="my-own-queue")
    wire.equal(server.expect_message().properties["reply_to"], "my-own-queue", "reply_to")
    # The caller is gone: passive declare 404, mandatory publish returned.
    client.close()
    client.connection.close()
    server.send("queue.declare", queue=address, passive=True)
    server.expect_error(404, f"NOT_FOUND - no queue '{address}' in vhost '/'", 50, 10)
    server.reopen()
    server.publish("", address, "nobody", mandatory=True)
    server.expect_message("basic.return", reply_code=312, reply_text="NO_ROUTE")
    server.publish("", NAME + ".garbage", "nobody", mandatory=True)
    server.expect_message("basic.return", reply_code=312, reply_text="NO_ROUTE")
