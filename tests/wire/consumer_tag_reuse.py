"""A consumer tag in use on the channel ends the connection: 530; on another channel it is free."""


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.consume(queue, consumer_tag="twice")
    other = channel.connection.channel()
    other.consume(queue, consumer_tag="twice")
    channel.send("basic.consume", queue=queue, consumer_tag="twice")
    channel.connection.expect_close(530, "NOT_ALLOWED - attempt to reuse consumer tag 'twice'",
                                    60, 20)
