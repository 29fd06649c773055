"""The window of deduplication survives kill -9 together with the messages."""

from support import wire

TERNMQ_ONLY = True  # An argument of TernMQ's.
OWN_BROKER = []
SECONDS = 60


def run(t):
    channel = t.channel()
    channel.call("confirm.select")
    arguments = {"x-message-deduplication": True}
    channel.queue("q", durable=True, arguments=arguments)
    exchange = channel.exchange("x", "fanout", durable=True, arguments=arguments)
    channel.queue("behind", durable=True)
    channel.bind("behind", exchange)
    for number in range(20):
        channel.publish("", "q", str(number), message_id=f"q{number}", delivery_mode=2)
        channel.publish(exchange, "", str(number), message_id=f"x{number}", delivery_mode=2)
    channel.expect_acks(40)
    for _ in range(5):
        channel.send("basic.ack", delivery_tag=channel.get("q", no_ack=False).tag)
    channel.expect_quiet()
    t.server.restart(hard=True)

    channel = t.channel()
    channel.call("confirm.select")
    for number in range(22):
        channel.publish("", "q", f"again {number}", message_id=f"q{number}", delivery_mode=2)
        channel.publish(exchange, "", f"again {number}", message_id=f"x{number}", delivery_mode=2)
    channel.expect_acks(44)
    # What was acknowledged just before the kill may come back; nothing new may get through.
    bodies = channel.drain("q")
    wire.equal([body for body in bodies if body.startswith("again")], ["again 20", "again 21"],
               "duplicates after the restart")
    wire.equal([body for body in bodies if not body.startswith("again")][-15:],
               [str(number) for number in range(5, 20)], "what was there")
    wire.equal(channel.drain("behind"),
               [str(number) for number in range(20)] + ["again 20", "again 21"], "by the exchange")
