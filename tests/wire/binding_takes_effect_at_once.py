"""What bind-ok or declare-ok said is true for every connection from that moment."""

from support import wire


def run(t):
    channels = [t.channel() for _ in range(8)]
    maker = channels[0]
    exchange = maker.exchange(t.name("x"), auto_delete=True)
    maker.bind(maker.queue(t.name(), auto_delete=True), exchange, "keep")
    for channel in channels:
        channel.call("confirm.select")
    for number in range(100):
        queue, key = maker.queue(t.name(), auto_delete=True), f"key {number}"
        maker.bind(queue, exchange, key)
        publisher = channels[number % 8]
        publisher.publish(exchange, key, str(number), mandatory=True)
        publisher.expect("basic.ack")
        wire.equal(channels[(number + 3) % 8].drain(queue), [str(number)], "messages")
        maker.call("queue.unbind", queue=queue, exchange=exchange, routing_key=key)
        publisher.publish(exchange, key, "late", mandatory=True)
        publisher.expect_message("basic.return", reply_code=312)
        publisher.expect("basic.ack")
        maker.call("queue.delete", queue=queue)
