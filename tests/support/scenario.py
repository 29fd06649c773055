"""What a wire scenario is given: `t`, the door to the broker, and helpers to name and check things.

A scenario is a file with `def run(t)`. It may set at the top: SECONDS (its deadline, default 30),
OWN_BROKER (flags of `ternmq serve`, a list, for a broker of its own, which it may restart or kill)
and TERNMQ_ONLY (the reference broker differs by design; say why in a comment).
"""

import itertools
import secrets
import threading
import time

from support import wire
from support.broker import patience


class Scenario:
    def __init__(self, name, server):
        self._name, self._token = name, secrets.token_hex(3)
        self._numbers = itertools.count(1)
        self._connections = []
        self.server = server
        self.is_reference = server.kind == "reference"

    def name(self, what="q"):
        """A name of a queue or an exchange that no other scenario or run uses."""
        return f"{self._name}-{what}{next(self._numbers)}-{self._token}"

    def connect(self, **options):
        """A new wire.Connection, closed at the end of the scenario."""
        connection = wire.Connection(self.server, **options)
        self._connections.append(connection)
        return connection

    def channel(self, **options):
        """A channel on a connection of its own."""
        return self.connect(**options).channel()

    def each(self, rows, test):
        """Runs test(*row) for each row of a table and reports all rows that fail."""
        failures = []
        for row in rows:
            try:
                test(*row)
            except wire.Failure as failure:
                failures.append(f"{row!r}:\n        {failure}")
        wire.check(not failures, "\n    ".join(["rows failed:", *failures]))

    def until(self, condition, text, within=5):
        """Waits until condition() is true, asking again without delay; Failure at the deadline."""
        deadline = time.monotonic() + patience(within)
        pause = threading.Event()
        while not condition():
            wire.check(time.monotonic() < deadline, f"not in {within} s: {text}")
            pause.wait(0.01)

    def wait(self, seconds):
        """Lets time pass, where that is what the rule is about: a lease that must not end."""
        threading.Event().wait(seconds)

    def clean_up(self):
        for connection in self._connections:
            connection.abort()
