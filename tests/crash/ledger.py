"""What a crash test knows of one durable queue: a message's life as its clients saw it.

Messages are numbers that only grow, published by one publisher per queue. After a crash the ledger
compares what is found with what must be, may be and must not be there. The broker may forget acks
and delivery marks of the last WINDOW seconds before a kill (they are written lazily); nothing else.
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
        self.unflagged_in_window = 0
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

    def compare(self, found, killed_at, unread):
        """`found`: (number, redelivered) in the order of delivery after the restart. Up to
        `unread` messages may have been on their way to a consumer that did not see them."""
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
        window = killed_at - patience(WINDOW)
        for number, redelivered in found:
            self._compare_one(number, redelivered, window, unread)

    def _compare_one(self, number, redelivered, window, unread):
        life = self.lives[number]
        if life.acked is not None:
            check(life.acked > window, f"{self.queue}: {number} was settled long before the kill")
            self.returned_in_window += 1
        if life.delivered is not None and not redelivered:
            check(life.delivered > window,
                  f"{self.queue}: {number} was delivered before and is not flagged redelivered")
            self.unflagged_in_window += 1
        if redelivered:
            check(number <= self.highest_delivered + unread,
                  f"{self.queue}: {number} is flagged redelivered and was never sent to anybody")

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
