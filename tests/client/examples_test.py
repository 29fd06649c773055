#!/usr/bin/env python3
"""Runs every program of examples/ and compares what it prints. Usage: examples_test.py PORT"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

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
}
SORTED = ("fan-out.js", "topic-logs.js", "dead-letters.js")


def run(program, port):
    environment = {**os.environ, "AMQP_URL": f"amqp://localhost:{port}",
                   "NODE_PATH": str(ROOT / "tests/client/node_modules")}
    done = subprocess.run(["node", str(ROOT / "examples" / program)], capture_output=True,
                          text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    return done.stdout.splitlines()


def check_work_queue(lines):
    """Each task once, and the faster worker did more of them."""
    assert lines[-1] == "all tasks done", lines
    tasks = sorted(line.split(" did ")[1] for line in lines[:-1])
    assert tasks == sorted(f"task {number}" for number in range(1, 13)), lines
    fast = sum(line.startswith("fast") for line in lines)
    assert fast > 6, f"the fast worker did {fast} of 12"


def check(program, port):
    lines = run(program, port)
    if program == "work-queue.js":
        return check_work_queue(lines)
    if program in SORTED:
        lines = sorted(lines)
    wanted = EXPECTED.get(program)
    assert wanted is not None, "an example without a test"
    assert lines == wanted, f"wanted {wanted}, got {lines}"
    return None


def main():
    port, failed = int(sys.argv[1]), 0
    programs = sorted(path.name for path in (ROOT / "examples").glob("*.js"))
    for program in programs:
        try:
            check(program, port)
            print(f"ok   {program}", flush=True)
        except (AssertionError, IndexError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAIL {program}\n    {error!r}", flush=True)
    print(f"{len(programs) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
