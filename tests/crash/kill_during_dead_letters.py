"""kill -9 while messages are dead-lettered: each is in one place, in the source or behind it.

Each round publishes with confirms to durable queues out of which messages expire, overflow, are
rejected or come back too often, into durable queues on other shards and on the same one; kills the
broker at a random moment, starts it again and takes all that is there. What was confirmed is found
once on each branch of its way, what was not confirmed at most once. The same kills prove that a
window of deduplication and delivery counts survive.
"""

import collections
import itertools
import random
import threading
import time

import clients
from ledger import WINDOW
from support import wire
from support.broker import patience

SECONDS_PER_ROUND = (0.1, 1.0)
SHARDS = (1, 4)


def letters(queue="", exchange="", **arguments):
    """Arguments of a queue whose dead letters go to a queue, or to an exchange."""
    named = {f"x-{name.replace('_', '-')}": value for name, value in arguments.items()}
    if queue:
        named["x-dead-letter-routing-key"] = queue
    return {"x-dead-letter-exchange": exchange, **named}


# Source, its arguments, and the branches behind it: queues, and the arguments that they have.
Family = collections.namedtuple("Family", "source arguments branches")
FAMILIES = [
    Family("expiring", letters("expired", message_ttl=15), [{"expired": None}]),
    Family("full", letters("overflown", max_length=20), [{"overflown": None}]),
    Family("rejecting", letters("rejected"), [{"rejected": None}]),
    Family("limited", letters("poison", delivery_limit=2), [{"poison": None}]),
    Family("split", letters(exchange="halves", message_ttl=15), [{"left": None}, {"right": None}]),
    Family("chain", letters("link", message_ttl=10),
           [{"link": letters("end", message_ttl=10), "end": None}]),
    Family("crossing", letters("crossed", max_length=20), [{"crossed": None}]),
]
ONCE, COUNTED = "once", "counted"


def declare(server):
    channel = wire.Connection(server).channel()
    channel.exchange("halves", "fanout", durable=True)
    for family in FAMILIES:
        channel.queue(family.source, durable=True, arguments=family.arguments)
        for queue, arguments in itertools.chain(*(each.items() for each in family.branches)):
            channel.queue(queue, durable=True, arguments=arguments or {})
    channel.bind("left", "halves")
    channel.bind("right", "halves")
    channel.queue(ONCE, durable=True, arguments={"x-message-deduplication": True})
    channel.queue(COUNTED, durable=True, arguments={"x-delivery-limit": 10**6})
    channel.connection.close()


class Publisher(clients.Client):
    """Publishes numbers to a queue and knows which were confirmed."""

    def __init__(self, server, queue, numbers, window):
        super().__init__(server)
        self.queue, self.numbers, self.window = queue, numbers, window
        self.published, self.confirmed = set(), set()
        self.channel.call("confirm.select")

    def work(self):
        unconfirmed, tag = {}, 0
        while True:
            batch = []
            while len(unconfirmed) < self.window:
                tag += 1
                number = unconfirmed[tag] = next(self.numbers)
                self.published.add(number)
                batch.append(self.channel.publish_bytes("", self.queue, str(number),
                                                        delivery_mode=2, message_id=str(number)))
            self.connection.send_bytes(b"".join(batch))
            ack = self.channel.expect("basic.ack", within=30)
            first = min(unconfirmed) if ack.multiple else ack.delivery_tag
            for each in range(first, ack.delivery_tag + 1):
                if each in unconfirmed:
                    self.confirmed.add(unconfirmed.pop(each))


class Refuser(clients.Client):
    """Refuses every message: back to its queue, or to where dead letters go."""

    def __init__(self, server, queue, requeue):
        super().__init__(server)
        self.requeue = requeue
        self.channel.call("basic.qos", prefetch_count=30)
        self.channel.consume(queue)
        self.counts = {}  # The delivery counts that were seen, and when: number -> list.

    def work(self):
        while True:
            message = self.channel.expect_message(within=30)
            count = message.headers.get("x-delivery-count", 0)
            seen = self.counts.setdefault(int(message.body), [])
            seen.append((time.monotonic(), count, message.method.redelivered))
            self.channel.send("basic.nack", delivery_tag=message.tag, requeue=self.requeue)


class Round:
    """What clients did until the broker died under them, and what is left of it."""

    def __init__(self, server, numbers, source):
        self.server = server
        window = source.choice([1, 10, 100])
        self.publishers = {family.source: Publisher(server, family.source, numbers, window)
                           for family in FAMILIES}
        # Every key is published twice, and after the restart once more.
        self.keys = itertools.chain.from_iterable((at, at) for at in numbers)
        self.once = Publisher(server, ONCE, self.keys, window)
        self.refusers = [Refuser(server, "rejecting", False), Refuser(server, "limited", True)]
        self.counter = Refuser(server, COUNTED, True)
        self.killed_at = 0

    def kill(self, seconds):
        workers = [*self.publishers.values(), self.once, *self.refusers, self.counter]
        for worker in workers:
            worker.start()
        # The random moment itself is the point of this wait.
        threading.Event().wait(seconds)
        self.killed_at = time.monotonic()
        self.server.kill()
        for worker in workers:
            worker.join(40)
            wire.check(not worker.is_alive(), f"{worker} did not end with its connection")
            if worker.failure:
                raise worker.failure

    def check(self):
        """Compares what is there with what must be; returns numbers for the summary."""
        totals = collections.Counter()
        for family in FAMILIES:
            publisher = self.publishers[family.source]
            queues = [family.source, *itertools.chain(*family.branches)]
            found = take_everything(self.server, queues, publisher.confirmed, family.branches)
            for branch in family.branches:
                compare(family, branch, publisher, found)
            totals["confirmed"] += len(publisher.confirmed)
            totals[family.source] += len(found[family.source])
            for queue in queues[1:]:
                totals["behind"] += len(found[queue])
        self.check_once()
        totals["counted"] += self.check_counts()
        return totals

    def check_once(self):
        """What was published comes again, as a client would send it: nothing is there twice."""
        again = sorted(self.once.published)
        channel = wire.Connection(self.server).channel()
        channel.call("confirm.select")
        channel.connection.send_bytes(b"".join(
            channel.publish_bytes("", ONCE, str(number), delivery_mode=2, message_id=str(number))
            for number in again))
        if again:
            channel.expect_acks(len(again))
        channel.connection.close()
        found = take_everything(self.server, [ONCE], set(again), [[ONCE]])[ONCE]
        twice = [number for number, count in collections.Counter(found).items() if count > 1]
        wire.check(not twice, f"{ONCE}: there twice: {twice[:10]}")
        wire.check(set(found) == set(again), f"{ONCE}: {len(set(again) - set(found))} of "
                                             f"{len(again)} lost")

    def check_counts(self):
        """A delivery count of long enough before the kill is not forgotten."""
        connection = wire.Connection(self.server)
        channel = connection.channel()
        checked = 0
        for _ in range(channel.ready_count(COUNTED)):
            message = channel.get(COUNTED, no_ack=False)
            number, count = int(message.body), message.headers.get("x-delivery-count", 0)
            limit = self.killed_at - patience(WINDOW)
            known = [seen for at, seen, _ in self.counter.counts.get(number, []) if at < limit]
            wire.check(count >= max(known, default=0),
                       f"{COUNTED}: {number} was delivered with count {max(known, default=0)} long "
                       f"before the kill, and has {count}")
            checked += bool(known)
        connection.abort()
        return checked


def compare(family, branch, publisher, found):
    """Each confirmed message is in one of the places of a branch, each other one in one or none."""
    places = collections.defaultdict(list)
    for queue in (family.source, *branch):
        for number in found[queue]:
            places[number].append(queue)
    several = [(number, each) for number, each in places.items() if len(each) > 1]
    wire.check(not several, f"{family.source}: in several places: {several[:5]}")
    invented = set(places) - publisher.published
    wire.check(not invented, f"{family.source}: never published: {sorted(invented)[:5]}")
    lost = publisher.confirmed - set(places)
    wire.check(not lost, f"{family.source}: {len(lost)} of {len(publisher.confirmed)} confirmed "
                         f"messages lost, {sorted(lost)[:5]}; in none of {list(branch)}")


def take_everything(server, queues, awaited, branches):
    """Takes all there is from all the queues at once, until all that is awaited has come on each
    branch (or it does not come); {queue: numbers}. What dies meanwhile comes from where it goes.
    """
    connection = wire.Connection(server)
    channel = connection.channel()
    found = {queue: [] for queue in queues}
    for queue in reversed(queues):
        channel.send("basic.consume", queue=queue, consumer_tag=queue, no_ack=True, nowait=True)
    missing = [set(awaited) for _ in branches]
    deadline = time.monotonic() + patience(8)

    def note(message):
        queue, number = message.method.consumer_tag, int(message.body)
        found[queue].append(number)
        for branch, still in zip(branches, missing):
            if queue == queues[0] or queue in branch:
                still.discard(number)

    def is_over():
        return not any(missing) and all(asker.ready_count(queue) == 0 for queue in queues)

    asker = wire.Connection(server).channel()
    while time.monotonic() < deadline and not is_over():
        try:
            while True:
                note(channel._content(channel.expect("basic.deliver", within=0.05), 5))
        except wire.Closed:
            raise
        except wire.Failure:
            pass  # Nothing came for a while.
    asker.connection.close()
    for queue in queues:
        channel.send("basic.cancel", consumer_tag=queue)
    for _ in queues:
        while True:
            frame = connection.frame_on(channel.number)
            method = wire.codec.decode_method(frame.payload)
            if method.name == "basic.cancel-ok":
                break
            note(channel._content(method, 5))
    connection.close()
    return found


def run_on(server, rounds, source, verbose):
    totals = collections.Counter()
    numbers = itertools.count(1)
    server.start()
    declare(server)
    channel = wire.Connection(server).channel()
    channel.call("confirm.select")
    for _ in range(10):
        channel.publish("", COUNTED, str(next(numbers)), delivery_mode=2)
    channel.expect_acks(10)
    channel.connection.close()
    for number in range(1, rounds + 1):
        one = Round(server, numbers, source)
        one.kill(source.uniform(*SECONDS_PER_ROUND))
        server.start()
        seen = one.check()
        totals += seen
        if verbose:
            print(f"     round {number}: {dict(seen)}", flush=True)
    return totals


def run(make_server, options):
    seed = options.seed or random.randrange(2**32)
    rounds = max(1, options.rounds // 2)
    print(f"     kill_during_dead_letters: seed {seed}, {rounds} rounds on each of "
          f"{' and '.join(map(str, SHARDS))} shards", flush=True)
    totals = collections.Counter()
    for shards in SHARDS:
        server = make_server(["--shards", str(shards)])
        try:
            totals += run_on(server, rounds, random.Random(seed + shards), options.verbose)
        finally:
            server.stop()
    wire.check(totals["behind"] > 100 * rounds, f"too few died to prove anything: {totals}")
    print(f"     {dict(totals)}", flush=True)
