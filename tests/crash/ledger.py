"""What a crash test knows of one durable queue: a message's life as its clients saw it.

Messages are numbers that only grow, published by one publisher per queue. After a crash the ledger
compares what is found with what must be, may be and must not be there. The broker may forget acks
of the last WINDOW seconds before a kill, as they are written lazily: such a message comes again,
flagged redelivered.
"""

import time

from support.broker import patience
from support.wire import check

WINDOW = 0.5


class Life:
    """One message; times are of time.monotonic(), None for what has not happened."""

    __slots__ = ("confirmed", "delivered", "acked")

    def __init__(self):
        self.confirmed = False
        self.delivered = None
        self.acked = None


class Ledger:
    """Appended to by one publisher thread and one consumer thread; read when both have ended."""

    def __init__(self, queue):
        self.queue = queue
        self.lives = {}
        self.next = 0
        self.highest_delivered = -1
        self.flagged_unseen = 0
        self.returned_in_window = 0

    def publish(self):
        """A new message's number, noted before its first byte is sent."""
        number, self.next = self.next, self.next + 1
        self.lives[number] = Life()
        return number

    def confirm(self, number):
        self.lives[number].confirmed = True

    def deliver(self, number):
        life = self.lives.get(number)
        check(life is not None, f"{self.queue}: {number} was delivered and never published")
        life.delivered = life.delivered or time.monotonic()
        self.highest_delivered = max(self.highest_delivered, number)

    def ack(self, number):
        self.lives[number].acked = time.monotonic()

    def compare(self, found, killed_at):
        """`found`: (number, redelivered) in the order of delivery after the restart."""
        numbers = [number for number, _ in found]
        check(numbers == sorted(set(numbers)),
              f"{self.queue}: out of order or twice: {_disorder(numbers)}")
        present = set(numbers)
        invented = [number for number in numbers if number not in self.lives]
        check(not invented, f"{self.queue}: never published, or long settled: {invented[:10]}")
        lost = [number for number, life in self.lives.items()
                if life.confirmed and life.acked is None and number not in present]
        check(not lost, f"{self.queue}: {len(lost)} of {len(self.lives)} lost that were "
                        f"confirmed, {lost[:5]} to {lost[-1:]}; {len(found)} were found")
        for number, redelivered in found:
            self._compare_one(number, redelivered, killed_at - patience(WINDOW))

    def _compare_one(self, number, redelivered, window):
        life = self.lives[number]
        if life.acked is not None:
            check(life.acked > window, f"{self.queue}: {number} was settled long before the kill")
            self.returned_in_window += 1
        # Redelivered may be said of a message that nobody saw, never the other way round.
        check(redelivered or life.delivered is None,
              f"{self.queue}: {number} was delivered before and is not flagged redelivered")
        if redelivered and number > self.highest_delivered:
            self.flagged_unseen += 1

    def settle_after(self, found, drained):
        """Takes the found messages over into the next round: settled, or seen and requeued."""
        kept = {number: self.lives[number] for number, _ in found}
        for number, life in kept.items():
            life.confirmed, life.acked = True, None  # Found on disk after a restart: it must stay.
            self.deliver(number)
            if drained:
                self.ack(number)
        self.lives = kept


def _disorder(numbers):
    """The first place where the numbers do not grow."""
    for before, after in zip(numbers, numbers[1:]):
        if after <= before:
            return f"{after} after {before}"
    return "nothing"
