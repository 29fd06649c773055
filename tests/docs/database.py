"""What pages with SQL have besides: a new database `shop` in a PostgreSQL that all of them share,
and a relay, once they have started it.
"""

import atexit
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import broker, postgres, wait  # noqa: E402


class Database:
    _server = None

    def __init__(self, folder):
        if Database._server is None:
            Database._server = postgres.Postgres().start()
            atexit.register(Database._server.end)
        self._server.sql("postgres", "DROP DATABASE IF EXISTS shop WITH (FORCE)")
        self._server.make_database("shop")
        self._folder = folder
        self._relay = None
        # psql goes on after an error unless it is told not to.
        (folder / "psqlrc").write_text("\\set ON_ERROR_STOP on\n")
        self.environment = {"PGHOST": self._server.folder, "PGUSER": "test", "PGSSLMODE": "disable",
                            "PSQLRC": str(folder / "psqlrc")}

    def sql(self, text):
        """Runs it; with a relay, returns when that has looked at every row."""
        self._server.sql("shop", text)
        if self._relay:
            wait.until(lambda: self._is_empty("failed_at IS NULL"), "the relay looks at the rows")

    def start_relay(self, command, environment):
        """`ternmq outbox` with a file; it runs until the page ends."""
        relay = broker.Program(
            ["bash", "-c", f"cd {self._folder} && exec {command}"], env=environment,
            log_path=self._folder / "relay.log", ready_text="connected to the broker")
        relay.wait_ready(broker.patience(30))
        self._relay = relay

    def _is_empty(self, condition):
        """Whether there are no such rows among those that are not sent."""
        return not self._server.sql(
            "shop", f"SELECT id FROM ternmq_outbox WHERE sent_at IS NULL AND {condition}")

    def stop(self):
        """Returns what is wrong with the relay, if anything is."""
        if self._relay is None:
            return None
        log, is_right = self._relay.log_tail(), self._relay.is_alive() and self._is_empty("true")
        self._relay.kill()
        return None if is_right else f"the relay died, or has not sent every row\n{log}"
