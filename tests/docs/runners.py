"""Runs the blocks of one page against the page's own broker, each by its language. A runner raises
Broken with what was wrong.
"""

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

from support import broker  # noqa: E402

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
    """Where the blocks of one page run: a directory, and a broker that is started when needed."""

    def __init__(self, scratch):
        self.scratch = pathlib.Path(scratch)
        self.folder = self.scratch / "page"
        self.folder.mkdir()
        for file in (ROOT / "tests/docs/files").iterdir():
            shutil.copy(file, self.folder)
        programs = self.scratch / "bin"
        programs.mkdir()
        (programs / "ternmq").symlink_to(broker.ternmq_binary().resolve())
        self._broker = None

    @property
    def broker(self):
        if self._broker is None:
            self._broker = broker.TernMQ()
            self._broker.start()
        return self._broker

    def stop(self):
        if self._broker is None:
            return
        is_alive, log = self._broker.program.is_alive(), self._broker.program.log_tail()
        self._broker.stop()
        if not is_alive:
            raise Broken(f"the broker died\n{log}")

    def execute(self, command, seconds=30):
        """Runs in the page's directory; returns standard output, raises Broken if it fails."""
        environment = {
            **broker.clean_environment(), "TERNMQ_DATA_DIR": self.broker.data_dir,
            "AMQP_URL": f"amqp://localhost:{self.broker.port}",
            "PATH": f"{self.scratch / 'bin'}:{os.environ['PATH']}",
            "NODE_PATH": str(ROOT / "tests/client/node_modules")}
        try:
            done = subprocess.run(command, input="secret\n", capture_output=True, text=True,
                                  cwd=self.folder, env=environment, check=False,
                                  timeout=broker.patience(seconds))
        except subprocess.TimeoutExpired:
            raise Broken(f"still running after {seconds} s") from None
        if done.returncode:
            raise Broken(f"exit code {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
        return done.stdout


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
    check(page, block, "--config", ".toml")


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


def adapt(page, command):
    """The command as it can be run here, or None if it is none of those that can be."""
    words = shlex.split(command, comments=True)
    name = pathlib.PurePath(words[0]).name
    if name.startswith("amqp-"):
        return shlex.join([*words[:1], "--port", str(page.broker.port), *words[1:]])
    if name != "ternmq":
        return None
    words = ["ternmq", *words[1:]]
    if words[1] == "serve":  # It would not end; `check` takes the same flags.
        words[1] = "check"
    if words[1] == "perf":
        words += ["--port", str(page.broker.port)]
    return shlex.join(words).replace("/var/lib/ternmq", page.broker.data_dir)


def run_commands(page, block):
    left_out = block.without or set()
    commands = commands_of(block)
    names = {command.split()[0] for command, _ in commands}
    if not names - left_out:
        raise Broken("none of its commands is run: mark the whole block")
    if left_out - names:
        raise Broken(f"the mark names what is not there: {', '.join(left_out - names)}")
    for command, wanted in commands:
        if command.split()[0] in left_out:
            continue
        adapted = adapt(page, command)
        if adapted is None:
            raise Broken(f"`{command}` cannot be run here: give the block a mark that says why")
        try:
            said = page.execute(["bash", "-c", adapted]).splitlines()
        except Broken as error:
            raise Broken(f"`{command}`: {error}") from None
        if wanted not in ([], ["…"]) and [line.rstrip() for line in said] != wanted:
            raise Broken(f"`{command}` says {said}, the page {wanted}")


RUNNERS = {"js": run_js, "json": run_json, "toml": run_toml, "sh": run_commands,
           "console": run_commands}
