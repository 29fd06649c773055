"""An exclusive queue goes with its connection, also when the socket just drops."""

from support import codec


def is_gone(channel, queue):
    """Asks for the queue and opens the channel again if that closed it."""
    channel.send("queue.declare", queue=queue, passive=True)
    method = codec.decode_method(channel.connection.frame_on(channel.number).payload)
    if method.name == "queue.declare-ok":
        return False
    channel.send("channel.close-ok")
    channel.reopen()
    return method.reply_code == 404


def run(t):
    observer = t.channel()
    for end in ("close", "abort"):
        owner = t.connect()
        queue = owner.channel().queue(t.name(), exclusive=True, durable=True)
        getattr(owner, end)()
        t.until(lambda: is_gone(observer, queue), f"the queue is gone after {end}")
    # A closed channel does not take it along.
    owner = t.connect()
    channel = owner.channel()
    queue = channel.queue(t.name(), exclusive=True)
    channel.close()
    owner.channel().ready_count(queue)
