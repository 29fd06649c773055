"""Two hundred connections at a time work, and come and go without a trace."""

from support import wire


def run(t):
    keeper = t.channel()
    queue = keeper.queue(t.name())
    channels = [t.channel() for _ in range(200)]
    for number, channel in enumerate(channels):
        channel.publish("", queue, str(number))
        channel.expect_quiet()
    t.until(lambda: keeper.ready_count(queue) == 200, "all messages are ready")
    wire.equal(sorted(map(int, keeper.drain(queue))), list(range(200)), "messages")
    for number, channel in enumerate(channels):
        channel.connection.abort() if number % 2 else channel.connection.close()
    for _ in range(200):
        t.connect().close()
    keeper.call("queue.delete", queue=queue)
