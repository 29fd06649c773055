"""A consumer's own x-consumer-timeout goes before the queue's; acknowledging in time is enough."""

from support import wire

TERNMQ_ONLY = True  # RabbitMQ 3.10 has one timeout for all.


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), arguments={"x-consumer-timeout": 60000})
    consumer = t.channel()
    tag = consumer.consume(queue, arguments={"x-consumer-timeout": 400})
    quick = t.channel()
    quick_queue = channel.queue(t.name(), arguments={"x-consumer-timeout": 400})
    quick.consume(quick_queue)
    channel.publish("", queue, "kept too long")
    consumer.expect_bodies(["kept too long"])
    for number in range(5):
        channel.publish("", quick_queue, str(number))
        message = quick.expect_bodies([str(number)])[0]
        quick.send("basic.ack", delivery_tag=message.tag)
    consumer.expect("basic.cancel", consumer_tag=tag)
    quick.expect_quiet()
    wire.equal(channel.drain(queue), ["kept too long"], "what is back")
    for name in (queue, quick_queue):
        channel.call("queue.delete", queue=name)
