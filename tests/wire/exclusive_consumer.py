"""An exclusive consumer shuts out others: 403 for a second, and for exclusive beside others."""


def run(t):
    first, second = t.channel(), t.channel()
    queue = first.queue(t.name())
    text = f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use"
    tag = first.consume(queue, exclusive=True)
    second.send("basic.consume", queue=queue)
    second.expect_error(403, text, 60, 20)
    second.reopen()
    first.send("basic.cancel", consumer_tag=tag)
    first.expect("basic.cancel-ok")
    first.consume(queue)
    second.send("basic.consume", queue=queue, exclusive=True)
    second.expect_error(403, text, 60, 20)
    second.reopen().consume(queue)
    first.call("queue.delete", queue=queue)
