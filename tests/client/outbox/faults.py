"""The relay, the broker and the database are killed, stopped and cut off, over and over: no row is
lost, and a queue that deduplicates has none twice."""

import random
import signal
import subprocess

from fixture import DEDUPLICATION, Relay, StallProxy, expect_bodies, expect_once, until

MARKING = b'UPDATE "ternmq_outbox" SET sent_at'


def kill_between_publish_and_update(place, rounds):
    """The database's side of the relay stands still when it is about to mark what the broker has;
    there it is killed. Returns what is in the queue after others have carried on."""
    for number in range(rounds):
        place.insert(20, first=number * 20 + 1)
        proxy = StallProxy(place.postgres.socket, MARKING)
        relay = Relay(place, place.url(host="127.0.0.1", port=proxy.port))
        assert proxy.stalled.wait(30), "the relay marks nothing"
        assert place.depth() >= (number + 1) * 20, "marked before the broker had them"
        relay.kill()
        proxy.stop()
        assert place.count("sent_at IS NULL") == 20, "marked although it was killed before"
        survivor = Relay(place, place.url())
        place.until_sent((number + 1) * 20)
        survivor.stop()
    return place.take_all()


def killed_before_the_update_no_row_comes_twice(place):
    place.declare(**DEDUPLICATION)
    expect_bodies(kill_between_publish_and_update(place, 5), range(1, 101))


def killed_before_the_update_a_plain_queue_has_rows_twice(place):
    """The same without deduplication: that the kill strikes where it is meant to."""
    place.declare()
    bodies = [body for body, _ in kill_between_publish_and_update(place, 1)]
    assert bodies == 2 * [f"row {number}" for number in range(1, 21)], bodies


def an_exchange_may_deduplicate_instead(place):
    channel = place.channel()
    channel.exchange_declare(place.name, "fanout", durable=True, arguments=DEDUPLICATION)
    channel.queue_declare(place.name, durable=True)
    channel.queue_bind(place.name, place.name)
    channel.connection.close()
    place.insert(20, exchange=f"'{place.name}'")
    proxy = StallProxy(place.postgres.socket, MARKING)
    relay = Relay(place, place.url(host="127.0.0.1", port=proxy.port))
    assert proxy.stalled.wait(30), "the relay marks nothing"
    relay.kill()
    proxy.stop()
    survivor = Relay(place, place.url())
    place.until_sent(20)
    survivor.stop()
    expect_bodies(place.take_all(), range(1, 21))


def killed_at_any_time_no_row_is_lost_or_comes_twice(place):
    place.declare(**DEDUPLICATION)
    chance = random.Random(20)
    rounds, rows = 15, 60
    for number in range(rounds):
        place.insert(rows, first=number * rows + 1)
        relay = Relay(place, place.url(), database={"batch": 3}, wait=number % 2 == 0)
        try:
            relay.program.wait(chance.uniform(0.001, 0.15))
            raise AssertionError("the relay has ended by itself")
        except subprocess.TimeoutExpired:
            relay.kill()
    survivors = [Relay(place, place.url(), database={"batch": 3}) for _ in range(2)]
    place.until_sent(rounds * rows)
    for survivor in survivors:
        survivor.stop()
    expect_once(place.take_all(), range(1, rounds * rows + 1))


def the_broker_is_killed_and_comes_back(place):
    place.declare(**DEDUPLICATION)
    relay = Relay(place, place.url(), database={"batch": 5})
    for number in range(3):
        place.insert(100, first=number * 200 + 1)
        place.server.kill()
        place.insert(100, first=number * 200 + 101)
        place.server.start()
    place.until_sent(600)
    assert "outbox: broker: " in relay.log(), "it has noticed nothing"
    relay.stop()
    expect_once(place.take_all(), range(1, 601))


def the_database_crashes_and_comes_back(place):
    place.declare(**DEDUPLICATION)
    relay = Relay(place, place.url(), database={"batch": 5})
    for number, how in enumerate((signal.SIGQUIT, signal.SIGINT)):
        place.insert(100, first=number * 200 + 1)
        place.postgres.stop(how)
        place.postgres.start()
        until(lambda: relay.log().count("connected to the database") > number + 1, "it is back")
        place.insert(100, first=number * 200 + 101)
        place.until_sent((number + 1) * 200)
    assert "outbox: database: " in relay.log(), "it has noticed nothing"
    relay.stop()
    expect_once(place.take_all(), range(1, 401))


def told_to_stop_while_the_broker_is_silent_it_rolls_back(place):
    place.declare(**DEDUPLICATION)
    relay = Relay(place, place.url())
    place.server.program.signal(signal.SIGSTOP)
    try:
        place.insert(10)
        locked = f"""SELECT count(*) FROM pg_stat_activity WHERE datname = '{place.name}'
            AND application_name = 'ternmq outbox' AND state = 'idle in transaction'"""
        until(lambda: place.sql(locked) == ["1"], "the batch is on its way")
        relay.stop()
        assert place.count("sent_at IS NULL") == 10
    finally:
        place.server.program.signal(signal.SIGCONT)
    survivor = Relay(place, place.url())
    place.until_sent(10)
    survivor.stop()
    expect_bodies(place.take_all(), range(1, 11))


def a_broker_that_never_confirms_is_left_after_the_timeout(place):
    place.declare(**DEDUPLICATION)
    relay = Relay(place, place.url(), amqp={"confirm_timeout": "300ms"})
    place.server.program.signal(signal.SIGSTOP)
    try:
        place.insert(10)
        until(lambda: "outbox: broker: " in relay.log(), "it gives up the batch")
    finally:
        place.server.program.signal(signal.SIGCONT)
    place.until_sent(10)
    assert relay.log().count("connected to the broker") > 1, "it stays on the connection"
    relay.stop()
    expect_bodies(place.take_all(), range(1, 11))


CASES = [killed_before_the_update_no_row_comes_twice,
         killed_before_the_update_a_plain_queue_has_rows_twice,
         an_exchange_may_deduplicate_instead,
         killed_at_any_time_no_row_is_lost_or_comes_twice, the_broker_is_killed_and_comes_back,
         the_database_crashes_and_comes_back,
         told_to_stop_while_the_broker_is_silent_it_rolls_back,
         a_broker_that_never_confirms_is_left_after_the_timeout]
