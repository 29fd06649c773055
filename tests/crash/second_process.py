"""A second broker on the same data directory ends at once with a clear error; the first goes on."""

from support import wire
from support.broker import patience


def run(make_server, _options):
    first = make_server().start()
    second = make_server(data_dir=first.data_dir)
    try:
        second.spawn()
        code = second.program.wait(patience(10))
        log = second.program.log()
        wire.check(code not in (0, None) and code > 0, f"exit code {code}: {log}")
        wire.check(first.data_dir in log, f"the error does not name the directory: {log}")
        wire.check("another" in log or "in use" in log or "lock" in log.lower(),
                   f"the error does not say why: {log}")
        wire.Connection(first).expect_open()
        # Once the first is gone, killed or not, the directory is free.
        first.kill()
        second.start()
        wire.Connection(second).expect_open()
    finally:
        second.stop()
        first.stop()
