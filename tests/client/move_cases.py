#!/usr/bin/env python3
"""Definitions move from RabbitMQ to TernMQ and back, in the words of docs/coming-from-rabbitmq.md.
Starts both brokers; no arguments.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "docs")]
sys.dont_write_bytecode = True

import blocks as markdown  # noqa: E402
import pika  # noqa: E402
from support import broker, cases  # noqa: E402


class Move:
    """Both brokers, and the directory in which the page's commands are given."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.rabbit = broker.Reference()
        self.tern = broker.TernMQ()
        name = markdown.ELSEWHERE["move"]
        self.page = markdown.read(name, (TESTS.parent / name).read_text(encoding="utf-8"))

    def __enter__(self):
        self.rabbit.start()
        self.tern.start()
        return self

    def __exit__(self, *_):
        self.tern.stop()
        self.rabbit.stop()

    def rabbitmqctl(self, *words):
        done = subprocess.run([self.rabbit.programs / "rabbitmqctl", *words], text=True,
                              capture_output=True, check=False, timeout=broker.patience(90),
                              env=self.rabbit.environment(), cwd=self.folder)
        assert done.returncode == 0, f"rabbitmqctl {words}: {done.stdout}{done.stderr}"

    def check(self, file):
        done = subprocess.run([str(broker.ternmq_binary()), "check", "--definitions", file],
                              text=True, capture_output=True, check=False, cwd=self.folder,
                              timeout=broker.patience(30), env=broker.clean_environment())
        assert done.returncode == 0, done.stdout + done.stderr

    def read(self, file):
        return json.loads((self.folder / file).read_text(encoding="utf-8"))


def essence(definitions):
    """What both write, without an order and without what only one of them writes by itself."""
    compared = {"exchanges": ("name", "vhost", "type", "durable", "auto_delete", "arguments"),
                "queues": ("name", "vhost", "durable", "auto_delete"),
                "bindings": ("source", "vhost", "destination", "destination_type", "routing_key"),
                "permissions": ("user", "vhost", "configure", "write", "read"),
                "policies": ("name", "vhost", "pattern", "apply-to", "priority", "definition")}
    return {part: sorted(({key: entry[key] for key in keys} for entry in definitions[part]),
                         key=json.dumps) for part, keys in compared.items()}


def moves_over(move):
    """What the page shows is in RabbitMQ, and a user whose password is known."""
    sample = next(block for block in move.page if block.file == "definitions.json")
    (move.folder / "sample.json").write_text(sample.text, encoding="utf-8")
    move.rabbitmqctl("import_definitions", "sample.json")
    move.rabbitmqctl("add_user", "web", "secret")
    move.rabbitmqctl("set_permissions", "web", ".*", ".*", ".*")
    commands = [line[2:].split() for block in move.page if block.run_by == "move"
                for line in block.lines if line.startswith("$ ")]
    assert commands, "the page has no command for us"
    for program, *words in commands:
        assert program == "rabbitmqctl", program
        move.rabbitmqctl(*words)
    move.check("definitions.json")
    move.tern.control("definitions", "import", str(move.folder / "definitions.json"))
    there = move.read("definitions.json")
    here = json.loads(move.tern.control("definitions", "export"))
    assert essence(there) == essence(here), (there, here)
    assert essence(here)["queues"], here


def old_passwords_work(move):
    login = pika.PlainCredentials("web", "secret")
    connection = pika.BlockingConnection(pika.ConnectionParameters(
        move.tern.host, move.tern.port, "/", login))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish("orders", "order.placed", b"moved", mandatory=True)
    assert channel.basic_get("orders.mail", auto_ack=True)[2] == b"moved"
    connection.close()


def moves_back(move):
    file = move.folder / "back.json"
    move.tern.control("definitions", "export", str(file))
    move.rabbitmqctl("delete_queue", "orders.mail")
    move.rabbitmqctl("clear_policy", "orders")
    os.chmod(file, 0o644)
    move.rabbitmqctl("import_definitions", str(file))
    move.rabbitmqctl("export_definitions", "again.json")
    assert essence(move.read("again.json")) == essence(move.read("definitions.json"))


CASES = [moves_over, old_passwords_work, moves_back]


def main():
    with tempfile.TemporaryDirectory(prefix="ternmq-move-") as folder, Move(folder) as move:
        return cases.run(CASES, move)


sys.exit(main())
