"""x-expires: a queue that nobody uses goes away; what counts as use."""


def unused_queue_goes(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-expires": 300})
    c.put("", queue, "a")
    s.pause(1200)  # Asking would be use.
    c.get(queue)


def publishing_is_no_use(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-expires": 400})
    for _ in range(5):
        s.pause(150)
        c.publish("", queue, "a")
    s.note(f"there: {c.exists(queue)}")


def asking_passively_is_use(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-expires": 800})
    for _ in range(4):
        s.pause(400)
        c.call("queue.declare", queue=queue, passive=True)


def a_consumer_keeps_it(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-expires": 200})
    c.consume(queue, "t")
    s.pause(600)
    s.step("three times the lease later")
    c.call("basic.cancel", consumer_tag="t")
    s.note(f"there: {c.exists(queue)}")
    s.pause(700)
    s.note(f"there: {c.exists(queue)}")


def get_renews(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-expires": 800})
    for _ in range(4):
        s.pause(400)
        c.get(queue)
    s.pause(1500)
    s.note(f"there: {c.exists(queue)}")


def declare_renews(s):
    c = s.channel()
    queue = c.queue("q", arguments={"x-expires": 800})
    for _ in range(4):
        s.pause(400)
        c.call("queue.declare", queue=queue, arguments={"x-expires": 800})
    s.pause(1500)
    s.note(f"there: {c.exists(queue)}")


def no_letters_and_no_cancel(s):
    """Nothing is dead-lettered when the queue goes; unacked messages of a get go with it."""
    c = s.channel()
    letters = c.queue("letters")
    queue = c.queue("q", arguments={
        "x-expires": 300, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": letters})
    c.put("", queue, "a")
    c.put("", queue, "b")
    message = c.get(queue, no_ack=False)
    s.pause(1000)
    s.note(f"there: {c.exists(letters)}")
    c.get(letters)
    other = s.channel("other")
    s.note(f"there: {other.exists(queue)}")
    c.send("basic.ack", delivery_tag=message.tag)
    c.sync()


def bindings_go_with_it(s):
    c = s.channel()
    exchange = c.exchange("x", "fanout", auto_delete=True)
    queue = c.queue("q", arguments={"x-expires": 200})
    c.bind(queue, exchange)
    s.pause(1200)
    c.call("exchange.declare", exchange=exchange, passive=True)


def durable_with_messages(s):
    c = s.channel()
    queue = c.queue("q", durable=True, arguments={"x-expires": 300})
    c.put("", queue, "a", delivery_mode=2)
    s.pause(1200)
    s.note(f"there: {c.exists(queue)}")
