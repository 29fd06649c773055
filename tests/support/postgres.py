"""A PostgreSQL of the test's own: Debian's programs, a cluster in a temporary directory, a socket
in it and no TCP port. The server refuses to be root's, so as root it runs as the user that Debian's
package makes, or as nobody. Stopped by its process id; nothing outlives the test program.
"""

import atexit
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from support import broker


def _programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                   key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("postgres")
    if not there:
        raise RuntimeError("postgres is not installed (Debian: postgresql)")
    return pathlib.Path(there).parent


def _unprivileged():
    """Whom to run as, and the command that does it; nothing for somebody who is not root."""
    if os.getuid() != 0:
        return None, []
    names = {user.pw_name: user for user in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return user, ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid),
                  "--clear-groups"]


class Postgres:
    """One cluster; every test makes a database in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ternmq-postgres-")
        atexit.register(shutil.rmtree, self.folder, True)
        user, self._become = _unprivileged()
        if user:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._programs = _programs()
        self.socket = os.path.join(self.folder, ".s.PGSQL.5432")
        self.program = None
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        made = subprocess.run(
            [*self._become, str(self._programs / "initdb"), "-D", self._data(), "-U", "test",
             "-A", "trust", "-E", "UTF8", "--no-sync"], capture_output=True, text=True,
            env=self._environment, cwd="/", check=False)
        if made.returncode:
            raise RuntimeError(f"initdb: {made.stdout}{made.stderr}")

    def _data(self):
        return os.path.join(self.folder, "data")

    def start(self):
        # Processes are killed here, not machines: what was written is in the kernel's memory.
        self.program = broker.Program(
            [*self._become, str(self._programs / "postgres"), "-D", self._data(),
             "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off"],
            log_path=f"{self.folder}.log", ready_text="ready to accept connections",
            env=self._environment)
        atexit.register(pathlib.Path(f"{self.folder}.log").unlink, True)
        self.program.wait_ready(broker.patience(30))
        return self

    def stop(self, number=signal.SIGINT):
        """SIGINT: open connections are ended. SIGQUIT: as if it had crashed."""
        if self.program:
            self.program.signal(number)
            self.program.wait(broker.patience(30))

    def end(self):
        self.stop()
        shutil.rmtree(self.folder, True)

    def url(self, database, host=None, port=5432):
        return (f"host={host or self.folder} port={port} user=test dbname={database} "
                "sslmode=disable gssencmode=disable")

    def sql(self, database, text):
        """The rows that the statements print, fields divided by '|'."""
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)],
            input=text, capture_output=True, text=True, timeout=broker.patience(60), check=False)
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr}\n{text}")
        return done.stdout.splitlines()

    def make_database(self, name):
        self.sql("postgres", f"CREATE DATABASE {name}")
