"""BCC keys are kept with a message, over kill -9 and in a delayed exchange, and never shown."""

from support import wire

TERNMQ_ONLY = True  # The delayed exchange is a plugin of RabbitMQ's; the rest is in differential.
OWN_BROKER = []
SECONDS = 60


def die(t, channel, queue):
    message = channel.get(queue, no_ack=False)
    wire.check(message is not None, f"{queue} is empty")
    wire.equal([name for name in message.headers if name == "BCC"], [], "headers of the message")
    channel.send("basic.reject", delivery_tag=message.tag, requeue=False)
    for key in ("main", "hidden"):
        t.until(lambda key=key: channel.ready_count(f"letters-{key}") == 1, f"a letter by {key}")
        letter = channel.get(f"letters-{key}")
        wire.equal(letter.headers["x-death"][0]["routing-keys"], ["main"], "keys that are told")


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    channel.exchange("dlx", "direct", durable=True)
    for key in ("main", "hidden"):
        channel.queue(f"letters-{key}", durable=True)
        channel.bind(f"letters-{key}", "dlx", key)
    channel.exchange("plain", "direct", durable=True)
    channel.exchange("later", "x-delayed-message", durable=True,
                     arguments={"x-delayed-type": "direct"})
    for source in ("plain", "later"):
        channel.queue(f"from-{source}", durable=True, arguments={"x-dead-letter-exchange": "dlx"})
        channel.bind(f"from-{source}", source, "main")
    for source, delay in (("plain", 0), ("later", 500)):
        channel.publish(source, "main", "body", delivery_mode=2,
                        headers={"BCC": ["hidden"], "x-delay": delay})
    channel.expect_acks(2)
    t.server.restart(hard=True)

    channel = t.channel()
    die(t, channel, "from-plain")
    t.until(lambda: channel.ready_count("from-later") == 1, "the delayed message is due")
    die(t, channel, "from-later")
