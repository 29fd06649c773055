"""no-local is accepted and ignored, as the consumer's own connection is served too."""


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.consume(queue, no_local=True)
    channel.publish("", queue, "mine")
    channel.expect_bodies(["mine"])
