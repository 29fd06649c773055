"""Waiting for a condition, with a deadline."""

import threading
import time

from support import broker


def until(condition, text, within=30):
    """Waits until `condition()` is true, and returns what it returned."""
    deadline = time.monotonic() + broker.patience(within)
    pause = threading.Event()
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not in time: {text}"
        pause.wait(0.02)
