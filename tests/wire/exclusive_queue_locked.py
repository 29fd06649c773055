"""Any use of another connection's exclusive queue is refused: 405."""

ROWS = [
    ("queue.declare", {"exclusive": True}, 50, 10), ("queue.declare", {}, 50, 10),
    ("queue.declare", {"passive": True}, 50, 10),
    ("queue.bind", {"exchange": "amq.direct"}, 50, 20), ("queue.purge", {}, 50, 30),
    ("queue.unbind", {"exchange": "amq.direct"}, 50, 50),
    ("queue.delete", {}, 50, 40), ("basic.get", {}, 60, 70), ("basic.consume", {}, 60, 20)]


def run(t):
    owner, other = t.channel(), t.channel()
    queue = owner.queue(t.name(), exclusive=True)
    owner.bind(queue, "amq.direct")
    text = (f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in vhost "
            "'/'. It could be originally declared on another connection or the exclusive property "
            "value does not match that of the original declaration.")

    def refused(method, arguments, class_id, method_id):
        other.send(method, queue=queue, **arguments)
        other.expect_error(405, text, class_id, method_id)
        other.reopen()

    t.each(ROWS, refused)
    # Publishing to it is allowed, and so is the owner's other channel.
    other.publish("", queue, "from outside")
    other.expect_quiet()
    second = owner.connection.channel()
    t.until(lambda: second.ready_count(queue) == 1, "the message is there")
    # The owner's own redeclaration with another exclusive flag is 405 too.
    owner.send("queue.declare", queue=queue)
    owner.expect_error(405, text, 50, 10)
