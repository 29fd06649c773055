"""Binding a headers exchange with an unknown x-match closes the channel: 406."""


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.send("queue.bind", queue=queue, exchange="amq.headers", arguments={"x-match": "bad"})
    channel.expect_error(
        406, 'PRECONDITION_FAILED - Invalid x-match field value <<"bad">>; expected all, any, '
        "all-with-x, or any-with-x", 50, 20)
