"""The brokers that ./dev bench measures, each started for it on a free port with its data under one
directory, and stopped by its process id."""

import os
import pathlib
import tempfile

from support import broker


def descendants(pid):
    """The process and all that it has started."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += parents.get(one, [])
    return sorted(found)


class Plain(broker.Reference):
    """rabbitmq-server as its package has it, without the settings that make it fit for tests."""

    def environment(self):
        environment = super().environment()
        environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = (
            "-kernel inet_dist_use_interface {127,0,0,1}")
        return environment


class Contestant:
    """One broker, running or not."""

    def __init__(self, name, data_dir, options=()):
        self.name = name
        self._data_dir, self._options = data_dir, options
        self._server = self._scratch = None

    @property
    def is_reference(self):
        return self.name != "ternmq"

    @property
    def port(self):
        return self._server.port

    def pids(self):
        return descendants(self._server.program.pid)

    def is_running(self):
        return self._server is not None and self._server.program.is_alive()

    def start_fresh(self):
        """On an empty data directory."""
        self.stop()
        self._scratch = tempfile.TemporaryDirectory(prefix="bench-", dir=self._data_dir)
        data = os.path.join(self._scratch.name, "data")
        kind = Plain if self.is_reference else broker.TernMQ
        self._server = kind(options=self._options, data_dir=data).start()

    def halt(self, *, hard):
        if hard:
            self._server.kill()
        else:
            self._server.terminate(120)

    def start_again(self):
        """Begins to start on the same data; returns before it is ready."""
        self._server.spawn()

    def wait_ready(self):
        self._server.program.wait_ready(300)

    def stop(self):
        if self._server:
            self._server.stop()
        if self._scratch:
            self._scratch.cleanup()
        self._server = self._scratch = None
