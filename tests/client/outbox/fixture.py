"""What the cases of `ternmq outbox` have in common: a database, a broker, relays, and a proxy that
stands still at a statement."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

import pika  # noqa: E402
from support import broker, postgres  # noqa: E402
from support.wait import until  # noqa: E402

DEDUPLICATION = {"x-message-deduplication": True,
                 "x-deduplication-header": "x-deduplication-header"}


class StallProxy:
    """Passes a database's connections on, until a client says `statement`: from there on nothing of
    that connection is passed on any more, and `stalled` is set."""

    def __init__(self, target, statement):
        self._target, self._statement = target, statement
        self.stalled = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source, sink, is_watched):
        try:
            while data := source.recv(65536):
                if is_watched and self._statement in data:
                    self.stalled.set()
                    while source.recv(65536):
                        pass
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self._listener.close()


class Relay:
    """One `ternmq outbox` with a configuration of its own."""

    def __init__(self, place, url, wait=True, **settings):
        self.folder = tempfile.mkdtemp(prefix="ternmq-outbox-", dir=place.folder)
        self.file = os.path.join(self.folder, "outbox.toml")
        database = {"url": url, "poll": "24h", **settings.pop("database", {})}
        amqp = {"urls": [f"amqp://127.0.0.1:{place.server.port}"], **settings.pop("amqp", {})}
        retry = {"delay_min": "20ms", "delay_max": "200ms"}
        sections = {"database": database, "broker": amqp, "retry": retry}
        lines = []
        for name, keys in sections.items():
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
        pathlib.Path(self.file).write_text("\n".join(lines) + "\n")
        self.program = broker.Program(
            [str(broker.ternmq_binary()), "outbox", "--config", self.file, "--log-level", "debug"],
            log_path=os.path.join(self.folder, "log"), ready_text="connected to the broker",
            env=broker.clean_environment())
        place.relays.append(self)
        if wait:
            self.program.wait_ready(broker.patience(30))

    def log(self):
        return self.program.log()

    def stop(self):
        """SIGTERM; returns how many rows it says it has sent."""
        self.program.signal(15)
        code = self.program.wait(broker.patience(20))
        assert code == 0, f"exit code {code}\n{self.program.log_tail()}"
        return int(re.search(r"stopped sent=(\d+)", self.log())[1])

    def kill(self):
        self.program.kill()


class Place:
    """A PostgreSQL and a broker for all cases; a database and a queue for each."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ternmq-outbox-cases-")
        self.postgres = postgres.Postgres().start()
        self.server = broker.TernMQ(["--amqp-max-message-size", "64KiB"]).start()
        self.relays = []
        self.name = "none"
        schema = subprocess.run([str(broker.ternmq_binary()), "outbox", "--print-schema"],
                                capture_output=True, text=True, check=True)
        self.schema = schema.stdout

    def begin(self, name):
        self.name = re.sub(r"\W", "_", name)
        self.postgres.make_database(self.name)
        self.sql(self.schema)

    def end_case(self):
        for relay in self.relays:
            relay.kill()
        self.relays.clear()

    def end(self):
        self.end_case()
        self.server.stop()
        self.postgres.end()
        shutil.rmtree(self.folder, True)

    # --- the database ---

    def sql(self, text):
        return self.postgres.sql(self.name, text)

    def url(self, **options):
        return self.postgres.url(self.name, **options)

    def insert(self, count, routing_key=None, first=1, **columns):
        """Rows with the bodies 'row 1', 'row 2' …"""
        names = "".join(f", {name}" for name in columns)
        values = "".join(f", {value}" for value in columns.values())
        self.sql(f"INSERT INTO ternmq_outbox (routing_key, body{names}) SELECT "
                 f"'{routing_key or self.name}', convert_to('row ' || n, 'UTF8'){values} "
                 f"FROM generate_series({first}, {first + count - 1}) AS n")

    def count(self, condition="true"):
        return int(self.sql(f"SELECT count(*) FROM ternmq_outbox WHERE {condition}")[0])

    def until_sent(self, count, within=60):
        until(lambda: self.count("sent_at IS NOT NULL") >= count, f"{count} rows are sent", within)

    # --- the broker ---

    def channel(self):
        connection = pika.BlockingConnection(
            pika.ConnectionParameters("127.0.0.1", self.server.port, heartbeat=0))
        return connection.channel()

    def declare(self, name=None, **arguments):
        channel = self.channel()
        channel.queue_declare(name or self.name, durable=True, arguments=arguments)
        channel.connection.close()

    def take_all(self, name=None):
        """Empties the queue: [(body, properties)]."""
        channel, taken = self.channel(), []
        while True:
            method, properties, body = channel.basic_get(name or self.name, auto_ack=True)
            if method is None:
                channel.connection.close()
                return taken
            taken.append((body.decode(), properties))

    def depth(self, name=None):
        channel = self.channel()
        count = channel.queue_declare(name or self.name, passive=True).method.message_count
        channel.connection.close()
        return count


def expect_bodies(taken, numbers):
    """Each of the rows `numbers` once, in this order."""
    bodies = [body for body, _ in taken]
    wanted = [f"row {number}" for number in numbers]
    assert bodies == wanted, f"{len(bodies)} messages, {len(wanted)} expected: {bodies[:30]}"


def expect_once(taken, numbers):
    """Each of the rows `numbers` once, in any order."""
    bodies = sorted(body for body, _ in taken)
    wanted = sorted(f"row {number}" for number in numbers)
    twice = [body for body in set(bodies) if bodies.count(body) > 1]
    missing = sorted(set(wanted) - set(bodies))
    assert bodies == wanted, (f"{len(bodies)} messages, {len(wanted)} expected; "
                              f"twice: {twice[:5]}, missing: {missing[:5]}")
