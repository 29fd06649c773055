#!/usr/bin/env python3
"""Client cases with amqp-tools, the command line programs of librabbitmq. Usage: PORT"""

import pathlib
import secrets
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from support import cases  # noqa: E402

PORT = sys.argv[1]


def tool(program, *arguments, url=None, stdin=b"", code=0):
    """Runs amqp-PROGRAM; its output, after checking its exit code."""
    command = ["amqp-" + program, "-u", url or f"amqp://guest:guest@127.0.0.1:{PORT}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=30, check=False)
    assert (done.returncode == 0) == (code == 0), f"{command}: {done.returncode} {done.stderr}"
    return done.stdout if code == 0 else done.stderr


def name():
    return "tools-" + secrets.token_hex(4)


def declare_publish_get():
    queue = name()
    assert tool("declare-queue", "-q", queue, "-d").strip().decode() == queue
    tool("publish", "-r", queue, "-b", "first", "-p")
    tool("publish", "-r", queue, "-C", "text/plain", stdin=b"second")
    assert tool("get", "-q", queue) == b"first"
    assert tool("get", "-q", queue) == b"second"
    assert tool("get", "-q", queue, code=2) == b""
    tool("delete-queue", "-q", queue)


def consume_in_order():
    queue = name()
    tool("declare-queue", "-q", queue)
    for number in range(5):
        tool("publish", "-r", queue, "-b", f"{number}\n")
    assert tool("consume", "-q", queue, "-c", "5", "cat") == b"0\n1\n2\n3\n4\n"
    assert tool("delete-queue", "-q", queue).strip() == b"0"


def consume_with_prefetch_through_an_exchange():
    queue = name()  # The tool declares it itself, as one that goes with its consumer.
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch, "out")
        with open(out, "wb") as sink, subprocess.Popen(
                ["amqp-consume", "-u", f"amqp://guest:guest@127.0.0.1:{PORT}", "-q", queue,
                 "-e", "amq.topic", "-r", f"{queue}.#", "-p", "1", "-c", "2", "cat"],
                stdout=sink) as consumer:
            # Published again and again, as nobody says when the consumer has bound its queue.
            while consumer.poll() is None:
                tool("publish", "-e", "amq.topic", "-r", f"{queue}.new", "-b", "x")
        assert consumer.returncode == 0
        assert out.read_bytes() == b"xx"


def large_body():
    queue, body = name(), bytes(range(256)) * 4096
    tool("declare-queue", "-q", queue)
    tool("publish", "-r", queue, stdin=body)
    assert tool("get", "-q", queue) == body
    tool("delete-queue", "-q", queue)


def wrong_password():
    text = tool("get", "-q", "x", url=f"amqp://guest:wrong@127.0.0.1:{PORT}", code=1)
    assert b"403" in text or b"ACCESS_REFUSED" in text or b"login" in text.lower(), text


def missing_queue():
    text = tool("get", "-q", name(), code=1)
    assert b"NOT_FOUND - no queue" in text, text


CASES = [declare_publish_get, consume_in_order, consume_with_prefetch_through_an_exchange,
         large_body, wrong_password, missing_queue]


sys.exit(cases.run(CASES))
