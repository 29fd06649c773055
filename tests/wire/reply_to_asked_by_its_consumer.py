"""The consumer of direct replies may itself ask whether its address lives; it goes on working."""

# RabbitMQ ends the connection with 541 here, a defect that is not kept.
TERNMQ_ONLY = True

NAME = "amq.rabbitmq.reply-to"


def run(t):
    channel = t.channel()
    requests = channel.queue(exclusive=True)
    channel.consume(NAME, no_ack=True)
    channel.publish("", requests, "question", reply_to=NAME)
    address = channel.get(requests).properties["reply_to"]
    channel.send("queue.declare", queue=address, passive=True)
    channel.expect("queue.declare-ok", queue=address)
    channel.publish("", address, "answer")
    channel.expect_bodies(["answer"], routing_key=address)
