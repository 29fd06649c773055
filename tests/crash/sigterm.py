"""SIGTERM drains: connections get 320, what was published is kept, exit code 0, under 2 s idle."""

import time

from support import wire
from support.broker import patience


def run(make_server, _options):
    server = make_server().start()
    try:
        started = time.monotonic()
        wire.equal(server.terminate(), 0, "exit code of an idle broker")
        took = time.monotonic() - started
        wire.check(took < patience(2), f"the idle broker took {took:.1f} s to stop")

        server.start()
        busy, idle = wire.Connection(server).channel(), wire.Connection(server)
        busy.queue("kept", durable=True)
        busy.call("confirm.select")
        for number in range(500):
            busy.publish("", "kept", str(number), delivery_mode=2)
        busy.expect_acks(500)
        for number in range(500, 1000):  # Not confirmed before the signal; may or may not stay.
            busy.publish("", "kept", str(number), delivery_mode=2)
        started = time.monotonic()
        server.program.signal(15)
        idle.expect_close(320, "CONNECTION_FORCED - broker forced connection closure with reason "
                               "'shutdown'")
        idle.abort()
        wire.equal(server.program.wait(patience(10)), 0, "exit code")
        wire.check(time.monotonic() - started < patience(5), "stopping took over 5 s")

        server.start()
        channel = wire.Connection(server).channel()
        left = channel.drain("kept")
        wire.equal(left, [str(number) for number in range(len(left))], "messages, in order")
        wire.check(len(left) >= 500, f"only {len(left)} of 500 confirmed messages were kept")
    finally:
        server.stop()
