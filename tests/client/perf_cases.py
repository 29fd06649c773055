#!/usr/bin/env python3
"""`ternmq perf` against a broker: each scenario briefly, and through a proxy that loses, repeats
and swaps deliveries, which the tool must count to the last one. Usage: PORT"""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from support import broker, cases  # noqa: E402

PORT = int(sys.argv[1])
FAULTS = ("lost", "duplicated", "out_of_order", "corrupt")


def perf(*arguments, port=PORT, code=0):
    """The result of one run; what it says on standard error if there is none."""
    command = [str(broker.ternmq_binary()), "perf", *arguments]
    if port:
        command += ["--port", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=broker.patience(60))
    assert done.returncode == code, f"{command}: {done.returncode} {done.stdout} {done.stderr}"
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout + done.stderr


def load(scenario, *flags, count=3000, **options):
    result = perf(scenario, "--json", "--count", str(count), "--warmup", "0", *flags, **options)
    assert result["sent"] == count, result
    return result


def check_whole(result, copies=1):
    """Nothing went wrong."""
    assert result["received"] == result["sent"] * copies, result
    assert all(result[fault] == 0 for fault in FAULTS), result


def throughput():
    result = load("throughput", "--size", "16", "--auto-ack")
    check_whole(result)
    assert result["end_to_end_us"]["count"] == 3000 and result["end_to_end_us"]["p50"] > 0, result
    assert result["publish_rate"] > 0 and result["whole_rate"] > 0, result


def many_of_each():
    check_whole(load("throughput", "--producers", "3", "--consumers", "4", "--queues", "2",
                     "--prefetch", "50", "--ack-every", "10"))
    check_whole(load("throughput", "--producers", "2", "--consumers", "2", "--queues", "5",
                     "--confirm", "7"))


def bodies_of_every_kind():
    for size in (0, 7, 8, 15, 300000):
        check_whole(load("throughput", "--size", str(size), count=20))


def confirms():
    result = load("throughput", "--persistent", "--durable", "--confirm", "100")
    check_whole(result)
    assert result["confirmed"] == 3000 and result["rejected"] == 0, result
    assert result["confirm_us"]["count"] == 3000 and result["wrong_confirms"] == 0, result
    result = load("throughput", "--consumers", "0", "--confirm", "1", count=50)
    assert result["depth_at_end"] == 50 and result["messages_per_confirm"] == 1, result


def rejected_messages():
    result = load("throughput", "--consumers", "0", "--confirm", "10", "--queue-argument",
                  "x-max-length=5", "--queue-argument", "x-overflow=reject-publish")
    assert result["confirmed"] + result["rejected"] == 3000, result
    assert result["confirmed"] == result["depth_at_end"] == 5, result


def a_queue_that_drops_its_head():
    """The broker loses messages because it is told to: the tool says how many."""
    result = perf("backlog", "--json", "--count", "1000", "--confirm", "100", "--patience", "0.5",
                  "--queue-argument", "x-max-length=10", code=1)
    assert result["lost"] == 990 and result["received"] == 10, result
    assert "nothing came" in result["error"], result


def latency():
    result = load("latency", "--rate", "2000", "--auto-ack", count=600)
    check_whole(result)
    assert 1500 < result["publish_rate"] < 2100, result


def fanout():
    result = load("fanout", "--auto-ack", "--queues", "4", "--consumers", "2")
    check_whole(result, copies=4)


def routing():
    for exchange in ("direct", "topic", "headers"):
        result = load("routing", "--auto-ack", "--exchange", exchange, "--bindings", "40")
        check_whole(result)
        assert result["bindings_per_second"] > 0, result


def backlog():
    result = load("backlog", "--prefetch", "100", "--ack-every", "10")
    check_whole(result)
    assert result["depth"] == 3000 and result["fill_rate"] > 0 and result["drain_rate"] > 0, result


def churn():
    for flags in ((), ("--confirm", "1")):
        result = perf("churn", "--json", "--seconds", "0.3", *flags)
        assert result["cycles"] > 0 and result["failed"] == 0 and result["lost"] == 0, result
        assert result["depth"] == result["cycles"] == result["cycle_us"]["count"], result


def idle():
    result = perf("connections", "--json", "--count", "30", "--hold", "0")
    assert result["connections"] == 30 and result["failed"] == 0, result
    result = perf("queues", "--json", "--count", "30", "--hold", "0")
    assert result["declarations_per_second"] > 0 and result["deletions_per_second"] > 0, result


def restart():
    load("throughput", "--consumers", "0", "--keep", "--name", "perf-restart", count=9)
    result = perf("restart", "--json", "--count", "9", "--name", "perf-restart")
    assert result["depth"] == 9, result
    assert 0 < result["accept_ms"] < result["log_in_ms"] < result["first_delivery_ms"], result
    result = perf("restart", "--json", "--count", "10", "--name", "perf-restart", "--seconds",
                  "0.2", code=1)
    assert "time was over" in result["error"], result
    load("throughput", "--name", "perf-restart", count=1)  # Which removes the queue.


def limits():
    with tempfile.TemporaryDirectory() as directory:
        result = perf("limits", "--json", "--seconds", "0.1", "--directory", directory, port=None)
        assert not list(pathlib.Path(directory).iterdir())
    assert result["sink_per_second"] > result["relay_per_second"] > 0, result
    assert result["log_appending_4kib_sync_us"]["p50"] > 0, result


def errors_say_what_to_do():
    for flags, text in ((("--password", "wrong"), "check --user and --password"),
                        (("--vhost", "nowhere"), "check --vhost"),
                        (("--queue-argument", "x-max-length=text"), "PRECONDITION_FAILED")):
        said = perf("throughput", *flags, code=1)
        assert text in said, said


def a_process_is_sampled():
    result = load("throughput", "--pid", str(subprocess.os.getpid()))
    assert result["resident_mb_peak"] > 1 and "broker_cores" in result, result


def text_for_people():
    said = perf("latency", "--count", "100")
    assert re.search(r"^lost +0$", said, re.MULTILINE) and "p99.9" in said and "##" in said, said


class Proxy:
    """Relays one connection after the other and plays tricks with deliveries: number n of a
    connection is handled as `tricks` says, "lose", "repeat" or "swap" (with the next one)."""

    def __init__(self, tricks):
        self._tricks = tricks
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", PORT))
                for target, pair in ((self._copy, (client, server)),
                                     (self._play, (server, client))):
                    threading.Thread(target=target, args=pair, daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _play(self, server, client):
        stream = server.makefile("rb")
        number, kept = 0, b""
        with contextlib.suppress(OSError):
            while frame := self._frame(stream):
                if frame[7:11] != b"\x00\x3c\x00\x3c":  # basic.deliver
                    client.sendall(frame)
                    continue
                whole = frame + self._frame(stream) + self._frame(stream)
                trick = self._tricks.get(number)
                number += 1
                if trick == "swap":
                    kept = whole
                    continue
                client.sendall({"lose": b"", "repeat": whole * 2}.get(trick, whole) + kept)
                kept = b""
            client.shutdown(socket.SHUT_WR)

    @staticmethod
    def _frame(stream):
        head = stream.read(7)
        return head + stream.read(int.from_bytes(head[3:7], "big") + 1) if len(head) == 7 else b""

    def close(self):
        self._listener.close()


def faults_are_counted():
    for tricks, expected in (
            ({}, (0, 0, 0)),
            ({5: "lose", 700: "lose", 1999: "lose"}, (3, 0, 0)),
            ({0: "repeat", 1234: "repeat"}, (0, 2, 0)),
            ({10: "swap", 12: "swap", 99: "swap"}, (0, 0, 3)),
            ({3: "lose", 40: "repeat", 50: "swap", 1000: "lose"}, (2, 1, 1))):
        proxy = Proxy(tricks)
        code = 1 if expected[0] else 0
        result = load("throughput", "--auto-ack", "--patience", "1", count=2000, port=proxy.port,
                      code=code)
        proxy.close()
        found = result["lost"], result["duplicated"], result["out_of_order"]
        assert found == expected and result["corrupt"] == 0, (tricks, result)


CASES = [throughput, many_of_each, bodies_of_every_kind, confirms, rejected_messages,
         a_queue_that_drops_its_head, latency, fanout, routing, backlog, churn, idle, restart,
         limits, errors_say_what_to_do, a_process_is_sampled, text_for_people, faults_are_counted]


sys.exit(cases.run(CASES))
