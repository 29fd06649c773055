#!/usr/bin/env python3
"""Runs every program of examples/ and compares what it prints.

Usage: examples_test.py PORT KIND [BUILT]: the JavaScript ones; or, with the directory in which they
were built, those of examples/cpp. These check themselves what they got; their last line says so.
"""

import functools
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = float(os.environ.get("TERNMQ_TEST_PATIENCE", "1"))

# The lines each program must print. Programs whose receivers run side by side may print them in
# any order: those are compared sorted.
EXPECTED = {
    "hello.js": ["sent and confirmed", "received: Hello, tern!"],
    "fan-out.js": sorted(f"{service}: order {order}" for service in
                         ("billing", "inventory", "email")
                         for order in ("1 (binoculars)", "2 (field guide)")),
    "topic-logs.js": sorted([
        "all errors (*.error): payments.error: card declined",
        "all errors (*.error): shipping.error: address unknown",
        "payments (payments.*): payments.info: card accepted",
        "payments (payments.*): payments.error: card declined",
        "archive (#): payments.info: card accepted",
        "archive (#): payments.error: card declined",
        "archive (#): shipping.error: address unknown",
        "archive (#): shipping.info: parcel sent",
        "archive (#): payments.audit.info: books closed"]),
    "manual-ack.js": ["good: ack", "busy database: requeue", "busy database: ack (again)",
                      "unreadable: drop", "0 left in the queue"],
    "dead-letters.js": sorted([
        "order 1: binoculars", "order 2: what is it for?", "order 3: field guide",
        "dead letter: order 2, rejected in orders, 1 time",
        "dead letter: order 4, expired in orders, 1 time"]),
    "rpc.js": ["the squares of 3, 4, 5: 9, 16, 25"],
    "delayed-reminders.js": ["take the cake out", "call home", "feed the cat"],
    "user-order.js": ["ann: 1 2 3 4 5", "bob: 1 2 3 4 5", "cleo: 1 2 3 4 5"],
    "retries.js": ["dead letter: broken, delivery_limit", "cat.jpg: 1", "flaky: 3", "broken: 4"],
    "exactly-once-move.js": ["inbox: 0", "outbox: one", "outbox: two", "outbox: three"],
    "transactional-move.js": ["move.orders: 0 different of 0", "move.invoices: 6 different of 6",
                              "move.parcels: 6 different of 6"],
    "load-levelling.js": ["all in, most of them wait", "2000 in, 2000 out"],
}
SORTED = ("fan-out.js", "topic-logs.js", "dead-letters.js")

# The last lines of the programs in C++.
LAST_LINES = {
    "hello": "received: Hello, tern!",
    "work_queue": "4 tasks done, 1 dead after 4 attempts",
    "fan_out": "4 services have 2 orders each",
    "topic_logs": "4 readers have their lines",
    "rpc": "3 calls answered, 1 refused",
    "delayed_reminders": "3 reminders, none early",
    "user_order": "4 users, each in order",
    "load_levelling": "5000 in, 5000 out, none lost",
    "transactional_move": "6 orders moved, all or nothing",
    "exactly_once_move": "10 moved, none lost, none twice",
}

# Needs a database besides; a suite of its own brings one.
ELSEWHERE = {"outbox_idempotent"}

# What they show is not in RabbitMQ.
OURS = {"delayed-reminders.js", "exactly-once-move.js", "retries.js", "user-order.js",
        "delayed_reminders", "exactly_once_move", "user_order", "work_queue"}


def run(command, port):
    environment = {**os.environ, "AMQP_URL": f"amqp://localhost:{port}",
                   "NODE_PATH": str(ROOT / "tests/client/node_modules")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False,
                          timeout=60 * PATIENCE)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout.splitlines()


def check_work_queue(lines):
    """Each task once, and the faster worker did more of them."""
    assert lines[-1] == "all tasks done", lines
    tasks = sorted(line.split(" did ")[1] for line in lines[:-1])
    assert tasks == sorted(f"task {number}" for number in range(1, 13)), lines
    fast = sum(line.startswith("fast") for line in lines)
    assert fast > 6, f"the fast worker did {fast} of 12"


def check_node(program, port):
    lines = run(["node", str(ROOT / "examples" / program)], port)
    if program == "work-queue.js":
        return check_work_queue(lines)
    if program in SORTED:
        lines = sorted(lines)
    wanted = EXPECTED.get(program)
    assert wanted is not None, "an example without a test"
    assert lines == wanted, f"wanted {wanted}, got {lines}"
    return None


def check_cpp(path, port):
    wanted = LAST_LINES.get(path.name)
    assert wanted is not None, "an example without a test"
    assert path.exists(), f"{path} is not built"
    lines = run([str(path)], port)
    assert lines and lines[-1] == wanted, f"wanted {wanted!r} at the end, got {lines}"


def main():
    port, kind, built = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if built:
        checks = {path.stem: functools.partial(check_cpp, pathlib.Path(built[0], path.stem))
                  for path in sorted((ROOT / "examples/cpp").glob("*.cpp"))
                  if path.stem not in ELSEWHERE}
    else:
        checks = {path.name: functools.partial(check_node, path.name)
                  for path in sorted((ROOT / "examples").glob("*.js"))}
    if kind == "reference":
        checks = {name: check for name, check in checks.items() if name not in OURS}
    failed = 0
    for program, check in checks.items():
        try:
            check(port)
            print(f"ok   {program}", flush=True)
        except (AssertionError, IndexError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAIL {program}\n    {error!r}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
