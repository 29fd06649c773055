"""x-delayed-type is needed, must be a type of exchange, and not x-delayed-message itself."""

from support import wire

TERNMQ_ONLY = True  # A plugin of RabbitMQ's that Debian does not have.


def run(t):
    channel = t.channel()

    def refused(arguments):
        channel.send("exchange.declare", exchange=t.name("x"), type="x-delayed-message",
                     arguments=arguments)
        close = channel.expect("channel.close")
        wire.equal((close.reply_code, close.class_id, close.method_id), (406, 40, 10), "error")
        wire.check("x-delayed-type" in close.reply_text, close.reply_text)
        channel.send("channel.close-ok")
        channel.reopen()

    t.each([({},), ({"x-delayed-type": "bad"},), ({"x-delayed-type": 5},),
            ({"x-delayed-type": "x-delayed-message"},)], refused)
    for kind in ("direct", "fanout", "topic", "headers"):
        channel.exchange(t.name("x"), "x-delayed-message", arguments={"x-delayed-type": kind})
