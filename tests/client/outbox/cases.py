#!/usr/bin/python3
"""`ternmq outbox`, against a PostgreSQL and a broker of its own: cases.py [--only NAME] BUILD.

BUILD is the directory in which test programs are.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import faults  # noqa: E402
from fixture import DEDUPLICATION, Place, Relay, expect_bodies, expect_once, until  # noqa: E402
from support import broker  # noqa: E402


def rows_arrive_in_order(place):
    place.declare()
    place.insert(250, content_type="'text/plain'", type="'row'", correlation_id="'c'",
                 headers="""'{"n": 7, "tags": ["a", true]}'""")
    relay = Relay(place, place.url())
    place.until_sent(250)
    assert relay.stop() == 250
    taken = place.take_all()
    expect_bodies(taken, range(1, 251))
    ids = place.sql("SELECT message_id FROM ternmq_outbox ORDER BY id")
    for (_, properties), message_id in zip(taken, ids):
        assert properties.message_id == message_id
        assert properties.headers == {"n": 7, "tags": ["a", True],
                                      "x-deduplication-header": message_id}, properties.headers
        assert (properties.content_type, properties.type, properties.correlation_id,
                properties.delivery_mode) == ("text/plain", "row", "c", 2)


def a_notification_wakes_it(place):
    place.declare()
    relay = Relay(place, place.url())  # It polls once a day.
    for number in range(1, 6):
        place.insert(1, first=number)
        place.until_sent(number, within=10)
    assert relay.stop() == 5
    expect_bodies(place.take_all(), range(1, 6))


def it_polls_without_a_trigger(place):
    place.declare()
    place.sql("DROP TRIGGER ternmq_outbox_notify ON ternmq_outbox")
    relay = Relay(place, place.url(), database={"poll": "50ms"})
    place.insert(3)
    place.until_sent(3)
    relay.stop()
    expect_bodies(place.take_all(), range(1, 4))


def sent_rows_can_be_deleted(place):
    place.declare()
    place.insert(30)
    relay = Relay(place, place.url(), database={"sent_rows": "delete", "batch": 7})
    until(lambda: place.count() == 0, "the table is empty")
    assert relay.stop() == 30
    expect_bodies(place.take_all(), range(1, 31))


def a_transaction_that_is_rolled_back_sends_nothing(place):
    place.declare()
    relay = Relay(place, place.url())
    place.sql("BEGIN; INSERT INTO ternmq_outbox (routing_key, body) "
              f"VALUES ('{place.name}', 'row 1'); ROLLBACK")
    place.insert(1, first=2)
    place.until_sent(1)
    relay.stop()
    expect_bodies(place.take_all(), [2])


def two_relays_share_a_table(place):
    """No deduplication: it is the rows' locks that must keep them apart."""
    place.declare()
    relays = [Relay(place, place.url(), database={"batch": 10}) for _ in range(2)]
    for first in range(1, 2000, 100):
        place.insert(100, first=first)
    place.until_sent(2000)
    sent = [relay.stop() for relay in relays]
    assert sum(sent) == 2000, sent
    assert min(sent) > 0, f"one has done everything: {sent}"
    expect_once(place.take_all(), range(1, 2001))


def a_row_that_is_locked_holds_nobody_up(place):
    place.declare()
    place.insert(5)
    holder = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", place.url()], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        print("BEGIN; SELECT 'locked' FROM ternmq_outbox WHERE id = 2 FOR UPDATE;",
              file=holder.stdin, flush=True)
        assert holder.stdout.readline() == "locked\n"
        relay = Relay(place, place.url(), database={"poll": "50ms"})
        place.until_sent(4)
        expect_bodies(place.take_all(), [1, 3, 4, 5])
    finally:
        holder.communicate("ROLLBACK;\n")
    place.until_sent(5)
    expect_bodies(place.take_all(), [2])
    relay.stop()


def poison_rows_are_marked_and_the_others_go_on(place):
    place.declare(**DEDUPLICATION)
    place.insert(1)
    poison = {
        "routing_key has 300 octets, 255 are allowed": {"routing_key": "k" * 300},
        "headers are a JSON array, an object is needed": {"headers": "[1]"},
        "NOT_FOUND - no exchange 'nowhere' in vhost '/'": {"exchange": "nowhere"},
        "no queue took it: NO_ROUTE": {"routing_key": "no.queue"},
        "message size 70000 ": {"body": "b" * 70000},
    }
    for columns in poison.values():
        row = {"routing_key": place.name, "body": "bad", **columns}
        values = ", ".join(f"'{value}'" for value in row.values())
        place.sql(f"INSERT INTO ternmq_outbox ({', '.join(row)}) VALUES ({values})")
    place.insert(3, first=2)
    relay = Relay(place, place.url())
    place.until_sent(4)
    until(lambda: place.count("failed_at IS NOT NULL") == len(poison), "poison is marked")
    reasons = place.sql("SELECT failure FROM ternmq_outbox WHERE failed_at IS NOT NULL ORDER BY id")
    for reason, expected in zip(reasons, poison):
        assert expected in reason, f"{reason!r}, expected {expected!r}"
    assert "row marked as failed" in relay.log() and "id=2" in relay.log(), relay.log()
    expect_once(place.take_all(), range(1, 5))
    # Corrected, they are sent like any other.
    place.sql(f"UPDATE ternmq_outbox SET routing_key = '{place.name}', exchange = '', "
              "headers = NULL, body = 'row 9', failed_at = NULL WHERE failed_at IS NOT NULL; "
              "NOTIFY ternmq_outbox")
    place.until_sent(4 + len(poison))
    assert len(place.take_all()) == len(poison)
    relay.stop()


def a_full_queue_keeps_only_its_own_rows_waiting(place):
    full = place.name + ".full"
    place.declare()
    place.declare(full, **DEDUPLICATION, **{"x-max-length": 1, "x-overflow": "reject-publish"})
    place.insert(2, full)
    place.insert(3, first=3)
    relay = Relay(place, place.url(), database={"poll": "50ms", "batch": 1})
    place.until_sent(4)
    expect_bodies(place.take_all(), range(3, 6))
    until(lambda: place.count("attempts > 1") == 1, "the row is tried again")
    # As soon as the first has been taken there is room for the second.
    taken = place.take_all(full)
    place.until_sent(5)
    expect_bodies(taken + place.take_all(full), [1, 2])
    relay.stop()


def it_says_what_is_missing_and_goes_on_when_it_is_there(place):
    place.declare()
    place.sql("DROP TABLE ternmq_outbox")
    relay = Relay(place, place.url())
    until(lambda: "--print-schema" in relay.log(), "advice in the log")
    place.sql(place.schema)
    place.insert(1)
    place.until_sent(1)
    assert "database and broker work again" in relay.log()
    relay.stop()


def outbox(*arguments, text=None):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text or "")
        file.flush()
        more = ["--config", file.name] if text is not None else []
        done = subprocess.run([str(broker.ternmq_binary()), "outbox", *arguments, *more],
                              capture_output=True, text=True, timeout=broker.patience(30),
                              check=False)
        return done.returncode, done.stdout, done.stderr.replace(file.name, "FILE")


def the_command_line_is_checked(_place):
    code, said, _ = outbox("--help")
    assert code == 0 and "--print-schema" in said and "deduplication_header" in said
    assert outbox()[0] == 2 and outbox("--nonsense")[0] == 2
    assert outbox("--log-level", "loud", text="")[0] == 2
    assert outbox("--config", "not/there.toml")[0] == 1
    for text, expected in {
            "[database]\nbatch = 0": "FILE:2: database.batch = 0 is wrong; it takes a whole number "
                                     "from 1 to 10000\n",
            "[database]\nurl = 'nonsense secret'": "FILE: database.url cannot be read",
            "[broker]\nurls = ['http://x']": "FILE: broker.urls: ",
    }.items():
        code, _, said = outbox(text=text)
        assert code == 1 and said.startswith(expected) and "secret" not in said, said
    code, said, _ = outbox("--print-schema", text="[database]\ntable = 'shop.box'")
    assert code == 0 and 'CREATE TABLE IF NOT EXISTS "shop"."box"' in said


def a_table_of_another_name_in_a_schema(place):
    place.declare()
    _, schema, _ = outbox("--print-schema", text="[database]\ntable = 'shop.box'")
    place.sql("CREATE SCHEMA shop;" + schema + schema)  # Twice does no harm.
    relay = Relay(place, place.url(), database={"table": "shop.box"})
    place.sql(f"INSERT INTO shop.box (routing_key, body) VALUES ('{place.name}', 'row 1')")
    until(lambda: place.depth() == 1, "the row arrives")
    relay.stop()


CASES = [rows_arrive_in_order, a_notification_wakes_it, it_polls_without_a_trigger,
         sent_rows_can_be_deleted, a_transaction_that_is_rolled_back_sends_nothing,
         two_relays_share_a_table, a_row_that_is_locked_holds_nobody_up,
         poison_rows_are_marked_and_the_others_go_on,
         a_full_queue_keeps_only_its_own_rows_waiting,
         it_says_what_is_missing_and_goes_on_when_it_is_there, the_command_line_is_checked,
         a_table_of_another_name_in_a_schema, *faults.CASES]


def processed_ids(place, build):
    """The C++ program with the cases of the consumer's side; its own counts."""
    with tempfile.TemporaryDirectory(dir=place.folder) as scratch:
        done = subprocess.run([str(build / "tests/processed_ids_cases"),
                               place.postgres.url("postgres"), scratch], capture_output=True,
                              text=True, timeout=broker.patience(120), check=False)
    print(done.stdout + done.stderr, end="")
    counts = re.search(r"(\d+) passed, (\d+) failed\s*$", done.stdout)
    assert counts, f"exit code {done.returncode}"
    return int(counts[1]), int(counts[2])


def the_example(place, build):
    """examples/cpp/outbox_idempotent.cpp beside a relay: each order is shipped once."""
    relay = Relay(place, place.url())
    done = subprocess.run([str(build / "tests/example_outbox_idempotent"), place.url(),
                           f"amqp://127.0.0.1:{place.server.port}"], capture_output=True,
                          text=True, timeout=broker.patience(60), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "order 1 placed", "order 2 placed", "order 3 placed",
        "order 1 shipped", "order 2 shipped", "order 2 came again: not shipped again",
        "order 3 shipped", "3 orders, 3 shipments"], done.stdout
    relay.stop()


def run_case(place, case, *more):
    try:
        place.begin(case.__name__)
        case(place, *more)
        return 1, 0
    except Exception as error:  # pylint: disable=broad-except
        logs = "\n".join(relay.program.log_tail(8) for relay in place.relays)
        print(f"FAIL {case.__name__}: {type(error).__name__}: {error}\n{logs}", flush=True)
        return 0, 1
    finally:
        place.end_case()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="one case, by the name of its function")
    parser.add_argument("build", type=pathlib.Path)
    arguments = parser.parse_args()
    only, build = arguments.only, arguments.build
    place = Place()
    results = []
    try:
        for case in CASES:
            if only in (None, case.__name__):
                results.append(run_case(place, case))
        if only in (None, "the_example"):
            results.append(run_case(place, the_example, build))
        if only in (None, "processed_ids"):
            results.append(processed_ids(place, build))
    finally:
        place.end()
    passed, failed = (sum(counts) for counts in zip(*results))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
