"""A deleted queue sends basic.cancel (nowait) to consumers whose client asked for it; others
nothing.
"""

from support import codec, wire


def run(t):
    told = t.channel()
    untold = t.channel(capabilities={})
    deleter = t.channel()
    queue = deleter.queue(t.name())
    tags = {told.consume(queue), told.consume(queue, consumer_tag="mine")}
    untold.consume(queue)
    deleter.publish("", queue, "x")
    deleter.call("queue.delete", queue=queue)
    got, delivered = set(), 0
    while got != tags:
        frame = told.connection.frame_on(told.number)
        method = codec.decode_method(frame.payload)
        if method.name == "basic.deliver":
            told._content(method, 5)
            delivered += 1
            continue
        wire.equal((method.name, method.nowait), ("basic.cancel", True), "notification")
        got.add(method.consumer_tag)
    told.expect_quiet()
    told.send("basic.cancel", consumer_tag="mine")
    told.expect("basic.cancel-ok", consumer_tag="mine")
    if not delivered:
        frame = untold.connection.frame_on(untold.number)
        untold._content(codec.decode_method(frame.payload), 5)
    untold.expect_quiet()
