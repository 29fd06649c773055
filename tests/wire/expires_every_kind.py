"""x-expires is renewed by declare, get and consume, for every kind of queue."""

from support import wire

TERNMQ_ONLY = True  # In RabbitMQ declaring a quorum queue again renews nothing.
SECONDS = 90


def run(t):
    channel = t.channel()

    def is_there(queue):
        channel.send("queue.declare", queue=queue, passive=True)
        method = wire.codec.decode_method(channel.connection.frame_on(channel.number).payload)
        if method.name == "queue.declare-ok":
            return True
        channel.send("channel.close-ok")
        channel.reopen()
        return False

    def renewed(kind, use):
        arguments = {"x-queue-type": kind, "x-expires": 2000}
        queue = channel.queue(t.name(), durable=True, arguments=arguments)
        for _ in range(5):
            t.wait(0.5)
            if use == "declare":
                channel.queue(queue, durable=True, arguments=arguments)
            elif use == "get":
                channel.get(queue)
            else:
                channel.call("basic.cancel", consumer_tag=channel.consume(queue))
        t.wait(2.5)
        wire.check(not is_there(queue), f"{kind} is still there after its last {use}")

    t.each([(kind, use) for kind in ("classic", "quorum")
            for use in ("declare", "get", "consume")], renewed)
