"""x-delayed-retry-*: what comes back waits, longer each time, up to a maximum."""

import time

from support import wire

TERNMQ_ONLY = True  # RabbitMQ has it from 4.3 on, the multiplier is TernMQ's.


def delays(channel, queue, returns, name="basic.nack"):
    """Milliseconds from each return until the message is there again."""
    channel.publish("", queue, "m")
    tag, waited = channel.expect_message().tag, []
    for _ in range(returns):
        started = time.monotonic()
        channel.send(name, delivery_tag=tag, requeue=True)
        tag = channel.expect_message(redelivered=True).tag
        waited.append((time.monotonic() - started) * 1000)
    channel.send("basic.ack", delivery_tag=tag)
    return waited


def run(t):
    channel = t.channel()

    def backs_off(arguments, wanted, name="basic.nack"):
        queue = channel.queue(exclusive=True, arguments=arguments)
        consumer = channel.consume(queue)
        waited = delays(channel, queue, len(wanted), name)
        channel.call("basic.cancel", consumer_tag=consumer)
        for at, (got, least) in enumerate(zip(waited, wanted)):
            wire.check(least - 5 <= got < least + 150, f"return {at + 1} waited {got:.0f} ms, "
                       f"wanted {least} of {wanted}")

    kind = {"x-delayed-retry-type": "all"}
    t.each([
        ({**kind, "x-delayed-retry-min": 100}, [100, 200, 300]),
        ({**kind, "x-delayed-retry-min": 100, "x-delayed-retry-max": 250}, [100, 200, 250, 250]),
        ({**kind, "x-delayed-retry-min": 100, "x-delayed-retry-multiplier": 2}, [100, 200, 400]),
        ({"x-delayed-retry-type": "returned", "x-delayed-retry-min": 200}, [200], "basic.reject"),
        ({"x-delayed-retry-type": "failed", "x-delayed-retry-min": 5000}, [0, 0]),
        ({"x-delayed-retry-type": "disabled", "x-delayed-retry-min": 5000}, [0]),
    ], backs_off)
