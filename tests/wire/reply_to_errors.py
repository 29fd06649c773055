"""Misuses of direct reply-to close the channel: 406."""

NAME = "amq.rabbitmq.reply-to"


def run(t):
    channel = t.channel()
    channel.send("basic.consume", queue=NAME)
    channel.expect_error(406, "PRECONDITION_FAILED - reply consumer cannot acknowledge", 60, 20)
    channel.reopen()
    channel.publish("", "x", reply_to=NAME)
    channel.expect_error(406, "PRECONDITION_FAILED - fast reply consumer does not exist", 60, 40)
    channel.reopen()
    tag = channel.consume(NAME, no_ack=True)
    channel.send("basic.consume", queue=NAME, no_ack=True)
    channel.expect_error(406, "PRECONDITION_FAILED - reply consumer already set", 60, 20)
    channel.reopen()
    tag = channel.consume(NAME, no_ack=True)
    channel.call("basic.cancel", consumer_tag=tag)
    channel.publish("", "x", reply_to=NAME)
    channel.expect_error(406, "PRECONDITION_FAILED - fast reply consumer does not exist", 60, 40)
    channel.reopen().consume(NAME, no_ack=True)
