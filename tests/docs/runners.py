"""Runs the blocks of one page against the page's own broker, each by its language. A runner raises
Broken with what was wrong.
"""

import difflib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from database import Database  # noqa: E402
from support import broker  # noqa: E402

BIN = ROOT / "tests/docs/bin"  # Commands of pages that need something else here; first on PATH.
RUNNABLE = {file.name for file in BIN.iterdir()} | {"node", "psql"}
DEFINITIONS = {"vhosts", "users", "permissions", "topic_permissions", "policies", "parameters",
               "exchanges", "queues", "bindings"}

# What a JavaScript block that is no whole program stands in, on its first line so that errors
# have the block's line numbers.
JS_BEFORE = ("const amqp = require('amqplib'); (async () => { "
             "const connection = await amqp.connect(process.env.AMQP_URL); "
             "const channel = await connection.createConfirmChannel(); ")
JS_AFTER = ("await channel.close(); await connection.close(); })()"
            ".catch((error) => { console.error(error); process.exit(1); });\n")


class Broken(Exception):
    """A block that does not do what the page says."""


class Page:
    """Where the blocks of one page run: a directory, a broker that is started when needed, and a
    database if it `has_database`."""

    def __init__(self, scratch, has_database):
        self.scratch = pathlib.Path(scratch)
        self.folder = self.scratch / "page"
        self.folder.mkdir()
        for file in (ROOT / "tests/docs/files").iterdir():
            shutil.copy(file, self.folder)
        # Pages speak of the build before they say that it is meant to be on the PATH.
        (self.folder / "build").mkdir()
        (self.folder / "build/release").symlink_to(BIN)
        (self.folder / "dev").symlink_to(BIN / "dev")
        self._broker = None
        self.database = Database(self.folder) if has_database else None

    @property
    def broker(self):
        if self._broker is None:
            self._broker = broker.TernMQ()
            self._broker.start()
        return self._broker

    def write(self, block):
        """Makes the file that the block is; its broker is the page's."""
        ours = f'"{self.environment()["AMQP_URL"]}"'
        (self.folder / block.file).write_text(block.text.replace('"amqp://localhost"', ours))

    def stop(self):
        fault = self.database and self.database.stop()
        if self._broker:
            if not self._broker.program.is_alive():
                fault = f"the broker died\n{self._broker.program.log_tail()}"
            self._broker.stop()
        if fault:
            raise Broken(fault)

    def environment(self):
        return {
            **broker.clean_environment(), **(self.database.environment if self.database else {}),
            "TERNMQ_DATA_DIR": self.broker.data_dir,
            "AMQP_URL": f"amqp://localhost:{self.broker.port}",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "NODE_PATH": str(ROOT / "tests/client/node_modules"),
            "DOCS_TERNMQ": str(broker.ternmq_binary().resolve()),
            "DOCS_ROOT": str(ROOT), "DOCS_FREE_PORT": str(broker.free_port()),
            "DOCS_PORT": str(self.broker.port), "DOCS_BROKER_PID": str(self.broker.program.pid)}

    def execute(self, command, seconds=30, may_fail=False):
        """Runs in the page's directory; returns standard output, raises Broken if it fails. With
        `may_fail`, returns standard error as well, and how it ends does not matter."""
        try:
            done = subprocess.run(command, input="secret\n", capture_output=True, text=True,
                                  cwd=self.folder, env=self.environment(), check=False,
                                  timeout=broker.patience(seconds))
        except subprocess.TimeoutExpired:
            raise Broken(f"still running after {seconds} s") from None
        if may_fail:
            return done.stdout + done.stderr
        if done.returncode:
            raise Broken(f"exit code {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
        return done.stdout

    def shell(self, command, **options):
        return self.execute(["bash", "-o", "pipefail", "-c", command], **options)


def run_js(page, block):
    is_program = "require('amqplib')" in block.text
    text = block.text if is_program else JS_BEFORE + block.text + JS_AFTER
    file = page.scratch / f"block-{block.line}.js"
    file.write_text(text)
    page.execute(["node", str(file)])


def run_json(page, block):
    try:
        value = json.loads(block.text)
    except json.JSONDecodeError as error:
        raise Broken(str(error)) from None
    if isinstance(value, dict) and DEFINITIONS & set(value):
        check(page, block, "--definitions", ".json")


def run_toml(page, block):
    if "[database]" in block.lines:
        file = page.scratch / f"block-{block.line}.toml"
        file.write_text(block.text)
        page.execute(["ternmq", "outbox", "--config", str(file), "--print-schema"])
    else:
        check(page, block, "--config", ".toml")


def run_sql(page, block):
    try:
        page.database.sql(block.text)
    except (RuntimeError, AssertionError) as error:
        raise Broken(error) from None


def check(page, block, flag, suffix):
    file = page.scratch / f"block-{block.line}{suffix}"
    file.write_text(block.text)
    page.execute(["ternmq", "check", flag, str(file), *(["--strict"] if "def" in flag else [])])


# --- commands ------------------------------------------------------------------------------------


def commands_of(block):
    """(command, expected output lines) of a block; lines without a prompt are output if any line
    of the block has one."""
    text = re.sub(r"\\\n\s*", "", block.text)
    lines = [line for line in text.splitlines() if line.strip()]
    if not any(line.startswith("$ ") for line in lines):
        return [(line, []) for line in lines if not line.startswith("#")]
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line.rstrip())
        else:
            raise Broken("output before the first command")
    return found


def is_runnable(command):
    """Whether every program of the pipeline is one that can be run here."""
    words = shlex.split(command, comments=True)
    heads = words[:1] + [word for before, word in zip(words, words[1:]) if before == "|"]
    return {pathlib.PurePath(head).name for head in heads} <= RUNNABLE


def run_command(page, command):
    """Returns what it prints; a relay goes on while the page does."""
    if command.startswith("./dev "):
        return page.shell(command, seconds=300)  # It links the broker again after a commit.
    if not command.startswith("ternmq outbox --config"):
        return page.shell(command.replace("/var/lib/ternmq", page.broker.data_dir))
    if page.database is None:
        raise Broken("a relay, on a page without SQL")
    page.database.start_relay(command, page.environment())
    return ""


def run_commands(page, block):
    commands = commands_of(block)
    if not commands:
        raise Broken("no command")
    for command, wanted in commands:
        if not is_runnable(command):
            raise Broken(f"`{command}` cannot be run here: tests/docs/bin has no such command")
        try:
            said = run_command(page, command).splitlines()
        except (Broken, RuntimeError) as error:
            raise Broken(f"`{command}`: {error}") from None
        if wanted not in ([], ["…"]) and [line.rstrip() for line in said] != wanted:
            raise Broken(f"`{command}` says {said}, the page {wanted}")


def compare_output(page, block):
    said = page.shell(block.printed_by, may_fail=True)
    difference = difflib.unified_diff(block.text.splitlines(), said.splitlines(), block.place,
                                      block.printed_by, lineterm="", n=0)
    if text := "\n".join(difference):
        raise Broken(text)


RUNNERS = {"js": run_js, "json": run_json, "toml": run_toml, "sql": run_sql, "sh": run_commands,
           "console": run_commands}
