"""Starts, restarts and stops the broker that a test talks to; standard library only.

Three kinds with one face: `TernMQ` (the release binary, or the one named by TERNMQ_BINARY),
`Reference` (Debian's rabbitmq-server, only when a runner is asked for it) and `Running` (somebody
else's broker, named by its port). Each test broker has a data directory and a port of its own and
is stopped by its process id; nothing outlives the test program.
"""

import atexit
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = float(os.environ.get("TERNMQ_TEST_PATIENCE", "1"))


# A test program that is told to stop ends through its exit handlers, which stop the brokers.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def patience(seconds):
    """A deadline stretched for slow builds: TERNMQ_TEST_PATIENCE=4 suits the sanitizers."""
    return seconds * PATIENCE


def free_port():
    """A TCP port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One child process whose output goes to a file and is watched for a line that says ready."""

    def __init__(self, command, *, log_path, ready_text=None, env=None):
        self.log_path = pathlib.Path(log_path)
        self._ready = threading.Event()
        self._ready_text = ready_text
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=env, start_new_session=True)
        self._reader = threading.Thread(target=self._copy_output, daemon=True)
        self._reader.start()
        atexit.register(self.kill)

    def _copy_output(self):
        with open(self.log_path, "ab", buffering=0) as log:
            for line in self._process.stdout:
                log.write(line)
                if self._ready_text and self._ready_text in line.decode(errors="replace"):
                    self._ready.set()
        self._ready.set()

    @property
    def pid(self):
        return self._process.pid

    def is_alive(self):
        return self._process.poll() is None

    def wait_ready(self, seconds):
        """Raises unless the ready line was seen within `seconds` and the process still runs."""
        if not self._ready.wait(seconds):
            self.kill()
            raise RuntimeError(f"not ready after {seconds:.0f} s\n{self.log_tail()}")
        if self._process.poll() is not None or self._ready_text not in self.log():
            raise RuntimeError(f"ended before it was ready\n{self.log_tail()}")

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_tail(self, lines=20):
        return "\n".join(self.log().splitlines()[-lines:])

    def signal(self, number):
        if self.is_alive():
            self._process.send_signal(number)

    def wait(self, seconds):
        """The exit code; raises subprocess.TimeoutExpired."""
        code = self._process.wait(seconds)
        self._reader.join(1)
        return code

    def kill(self):
        """kill -9 of the process and its own children, and waits for the end."""
        if self.is_alive():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        atexit.unregister(self.kill)


def ternmq_binary():
    """Path of the binary under test; raises with what to do when it is not built."""
    path = pathlib.Path(os.environ.get("TERNMQ_BINARY", ROOT / "build/release/ternmq"))
    if not path.exists():
        raise RuntimeError(f"{path} is missing: run ./dev build, or set TERNMQ_BINARY")
    return path


def clean_environment():
    """This process's environment without settings of a broker or of the tests."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("TERNMQ_", "RABBITMQ_"))}


class TernMQ:
    """The broker under test. `options` are further flags of `ternmq serve`."""

    kind = "ternmq"
    host = "127.0.0.1"

    def __init__(self, options=(), data_dir=None):
        self._scratch = tempfile.mkdtemp(prefix="ternmq-test-")
        atexit.register(shutil.rmtree, self._scratch, True)
        self.data_dir = str(data_dir or os.path.join(self._scratch, "data"))
        self.log_path = os.path.join(self._scratch, "log")
        self.options = list(options)
        self.port = free_port()
        self.program = None

    def spawn(self):
        """Starts the process without waiting for it to be ready."""
        command = [str(ternmq_binary()), "serve", "--data-dir", self.data_dir,
                   "--amqp-port", str(self.port), "--amqp-bind", self.host, *self.options]
        pathlib.Path(self.log_path).write_text("")
        self.program = Program(command, log_path=self.log_path,
                               ready_text="Server startup complete", env=clean_environment())
        return self

    def start(self):
        self.spawn().program.wait_ready(patience(20))
        return self

    def terminate(self, seconds=10):
        """SIGTERM; returns the exit code."""
        self.program.signal(signal.SIGTERM)
        return self.program.wait(patience(seconds))

    def kill(self):
        if self.program:
            self.program.kill()

    def restart(self, *, hard=False):
        """Stops (kill -9 when hard) and starts on the same data and port."""
        if hard:
            self.kill()
        else:
            self.terminate()
        return self.start()

    def stop(self):
        """End of the test: stops whatever still runs and removes the data."""
        try:
            if self.program and self.program.is_alive():
                self.terminate(5)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()
            shutil.rmtree(self._scratch, ignore_errors=True)

    def control(self, *arguments, code=0):
        """`ternmq ctl` with these arguments; returns what it prints, raises unless it exits with
        `code`, and then returns what it says of the error."""
        command = [str(ternmq_binary()), "ctl", "--data-dir", self.data_dir, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience(60),
                              check=False, stdin=subprocess.DEVNULL, env=clean_environment())
        if done.returncode != code:
            raise RuntimeError(f"ternmq ctl {' '.join(arguments)}: exit code {done.returncode}: "
                               f"{done.stdout}{done.stderr}")
        return done.stderr if code else done.stdout

    def resident_bytes(self):
        """Resident memory of the broker process now."""
        with open(f"/proc/{self.program.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()


class Reference:
    """Debian's rabbitmq-server on loopback ports, node name and directories of its own."""

    kind = "reference"
    host = "127.0.0.1"
    programs = pathlib.Path("/usr/lib/rabbitmq/bin")

    def __init__(self, options=(), data_dir=None, plugins=()):
        del options
        self._plugins = list(plugins)
        self._scratch = tempfile.mkdtemp(prefix="rabbit-test-")
        atexit.register(shutil.rmtree, self._scratch, True)
        self.data_dir = str(data_dir or os.path.join(self._scratch, "data"))
        self.log_path = os.path.join(self._scratch, "log")
        self.port = free_port()
        self.management_port = free_port()  # Of rabbitmq_management, where it is asked for.
        self._epmd_port, self._dist_port = free_port(), free_port()
        self._epmd = None
        self.program = None

    def environment(self):
        """Of its programs, rabbitmqctl included."""
        scratch, plugins = self._scratch, os.path.join(self._scratch, "plugins")
        pathlib.Path(plugins).write_text(f"[{','.join(self._plugins)}].\n")
        config = os.path.join(scratch, "rabbitmq.conf")
        management = ("management.tcp.ip = 127.0.0.1\n"
                      f"management.tcp.port = {self.management_port}\n")
        pathlib.Path(config).write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\n"
            f"{management if 'rabbitmq_management' in self._plugins else ''}"
            "disk_free_limit.absolute = 10MB\nlog.console = true\nlog.file = false\n")
        return {
            "PATH": os.environ["PATH"], "HOME": scratch, "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"reference{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port), "RABBITMQ_CONFIG_FILE": config,
            "RABBITMQ_MNESIA_BASE": self.data_dir, "RABBITMQ_LOG_BASE": scratch,
            "RABBITMQ_ENABLED_PLUGINS_FILE": plugins, "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
        }

    def start(self):
        self.spawn().program.wait_ready(patience(90))
        return self

    def spawn(self):
        """Starts the process without waiting for it to be ready."""
        env = self.environment()
        if self._epmd is None:
            self._epmd = Program(["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
                                 log_path=self._scratch + "/epmd.log", env=env)
        pathlib.Path(self.log_path).write_text("")
        self.program = Program([str(self.programs / "rabbitmq-server")], log_path=self.log_path,
                               ready_text="Server startup complete", env=env)
        return self

    @classmethod
    def is_installed(cls):
        return (cls.programs / "rabbitmq-server").exists()

    def terminate(self, seconds=60):
        """An orderly stop; the start script passes the signal on to the Erlang machine."""
        os.killpg(self.program.pid, signal.SIGTERM)
        return self.program.wait(seconds)

    def kill(self):
        if self.program:
            self.program.kill()

    def restart(self, *, hard=False):
        if hard:
            self.kill()
        else:
            self.terminate()
        return self.start()

    def stop(self):
        self.kill()
        if self._epmd:
            self._epmd.kill()
        shutil.rmtree(self._scratch, ignore_errors=True)


class Running:
    """A broker that somebody else started on loopback; never stopped or restarted here."""

    host = "127.0.0.1"

    def __init__(self, port, kind="ternmq"):
        self.port, self.kind = port, kind

    def start(self):
        return self

    def stop(self):
        pass
