"""kill -9 during confirmed publishing: every confirmed, unsettled message is found again.

Each round publishes to six durable queues (two of them consumed, two filled by one fanout, two by
transactions), kills the broker at a random moment, starts it again on the same data and compares
every queue with its ledger: nothing confirmed is lost, nothing invented, order kept, redelivered
right, transactions whole, transient messages gone.
"""

import random
import threading
import time

import clients
from ledger import Ledger
from support import wire

SECONDS_PER_ROUND = (0.1, 1.5)
QUEUES = ["plain", "consumed", "fan-1", "fan-2", "tx-1", "tx-2"]


def declare(server):
    channel = wire.Connection(server).channel()
    for queue in QUEUES:
        channel.queue(queue, durable=True)
    channel.exchange("fan", "fanout", durable=True)
    channel.bind("fan-1", "fan")
    channel.bind("fan-2", "fan")
    channel.connection.close()


def publish_until_killed(server, ledgers, source):
    """Runs all clients and kills the broker under them; the time of the kill."""
    workers = [
        clients.ConfirmPublisher(server, "", "plain", [ledgers["plain"]], source),
        clients.ConfirmPublisher(server, "", "consumed", [ledgers["consumed"]], source),
        clients.ConfirmPublisher(server, "fan", "", [ledgers["fan-1"], ledgers["fan-2"]], source),
        clients.TxPublisher(server, [ledgers["tx-1"], ledgers["tx-2"]], source),
        clients.Consumer(server, ledgers["consumed"], 1),
        clients.Consumer(server, ledgers["fan-2"], source.choice([5, 20])),
    ]
    for worker in workers:
        worker.start()
    # The random moment itself is the point of this wait.
    threading.Event().wait(source.uniform(*SECONDS_PER_ROUND))
    killed_at = time.monotonic()
    server.kill()
    for worker in workers:
        worker.join(40)
        wire.check(not worker.is_alive(), f"{worker} did not end with its connection")
        if worker.failure:
            raise worker.failure
    return killed_at


def check_transactions(found):
    """Both queues got each transaction, and each transaction whole."""
    one, two = ([number for number, _ in found[queue]] for queue in ("tx-1", "tx-2"))
    half = sorted(set(one) ^ set(two))
    wire.check(not half, f"in one of the two queues of a transaction only: {half[:10]}")


def one_round(server, ledgers, source):
    """Returns how many messages were published, confirmed in all and found."""
    before = sum(ledger.next for ledger in ledgers.values())
    killed_at = publish_until_killed(server, ledgers, source)
    server.start()
    channel = wire.Connection(server).channel()
    drained, found = source.random() < 0.6, {}
    confirmed = sum(life.confirmed for ledger in ledgers.values()
                    for life in ledger.lives.values())
    for queue, ledger in ledgers.items():
        found[queue] = clients.take_all(channel, queue, drained)
        ledger.compare(found[queue], killed_at)
    if server.kind != "reference":  # RabbitMQ promises this for one queue only.
        check_transactions(found)
    for queue, ledger in ledgers.items():
        ledger.settle_after(found[queue], drained)
    channel.connection.close()
    published = sum(ledger.next for ledger in ledgers.values()) - before
    return published, confirmed, sum(map(len, found.values()))


def run(make_server, options):
    seed = options.seed or random.randrange(2**32)
    print(f"     kill_during_publish: seed {seed}, {options.rounds} rounds", flush=True)
    source = random.Random(seed)
    server = make_server().start()
    ledgers = {queue: Ledger(queue) for queue in QUEUES}
    try:
        declare(server)
        totals = [0, 0, 0]
        for number in range(1, options.rounds + 1):
            counts = one_round(server, ledgers, source)
            totals = [a + b for a, b in zip(totals, counts)]
            if options.verbose:
                print("     round {}: published {}, confirmed {}, found {}".format(number, *counts),
                      flush=True)
    finally:
        server.stop()
    wire.check(totals[1] > 100 * options.rounds, f"too little was confirmed to prove anything: "
               f"{totals[1]} in {options.rounds} rounds")
    returned = sum(ledger.returned_in_window for ledger in ledgers.values())
    unseen = sum(ledger.flagged_unseen for ledger in ledgers.values())
    print("     published {}, confirmed {}, found {}; {} came back that were settled just before, "
          "{} flagged that nobody saw".format(*totals, returned, unseen), flush=True)
