"""Known queue arguments of a wrong type or out of range are refused with 406 and RabbitMQ's
text.
"""

from support.codec import Field

ROWS = [
    ({"x-message-ttl": -1}, "x-message-ttl", "{value_negative,-1}"),
    ({"x-message-ttl": "a"}, "x-message-ttl", '"expected integer, got longstr"'),
    ({"x-message-ttl": True}, "x-message-ttl", '"expected integer, got bool"'),
    ({"x-expires": 0}, "x-expires", "{value_zero,0}"),
    ({"x-expires": -5}, "x-expires", "{value_negative,-5}"),
    ({"x-expires": "a"}, "x-expires", '"expected integer, got longstr"'),
    ({"x-max-priority": 256}, "x-max-priority", "{max_value_exceeded,256}"),
    ({"x-max-priority": -1}, "x-max-priority", "{value_negative,-1}"),
    ({"x-max-length": -1}, "x-max-length", "{value_negative,-1}"),
    ({"x-max-length": "a"}, "x-max-length", '"expected integer, got longstr"'),
    ({"x-max-length-bytes": Field("l", -1)}, "x-max-length-bytes", "{value_negative,-1}"),
    ({"x-overflow": "bad"}, "x-overflow", "invalid_overflow"),
    ({"x-dead-letter-routing-key": "k"}, "x-dead-letter-routing-key",
     "routing_key_but_no_dlx_defined"),
    ({"x-queue-type": "bad"}, "x-queue-type", "\"unsupported queue type 'bad'\""),
    ({"x-queue-mode": "bad"}, "x-queue-mode", "\"unsupported queue mode 'bad'\""),
    ({"x-single-active-consumer": 1}, "x-single-active-consumer",
     "{unacceptable_type,signedint}"),
]


def run(t):
    channel = t.channel()

    def refused(arguments, what, why):
        queue = t.name()
        channel.send("queue.declare", queue=queue, arguments=arguments)
        channel.expect_error(
            406, f"PRECONDITION_FAILED - invalid arg '{what}' for queue '{queue}' in vhost '/': "
            f"{why}", 50, 10)
        channel.reopen()

    t.each(ROWS, refused)
    queue = t.name()
    channel.send("queue.declare", queue=queue, arguments={"x-dead-letter-exchange": 1})
    channel.expect_error(
        406, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in "
        f"queue '{queue}' in vhost '/'", 50, 10)
