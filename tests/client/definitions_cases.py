#!/usr/bin/env python3
"""Definitions files and `ternmq ctl`, as operators use them: brokers of its own, no arguments."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

import pika  # noqa: E402
from support import broker, cases  # noqa: E402

SHOP = {
    "vhosts": [{"name": "/"}, {"name": "shop", "metadata": {"description": "The shop"}}],
    "users": [{"name": "web", "password": "secret", "tags": ["monitoring"]}],
    "permissions": [{"user": "web", "vhost": "shop", "configure": "", "write": "^orders$",
                     "read": "^o"}],
    "policies": [{"vhost": "shop", "name": "bounded", "pattern": "^o", "apply-to": "queues",
                  "definition": {"max-length": 3}, "priority": 2}],
    "exchanges": [{"vhost": "shop", "name": "orders", "type": "topic"}],
    "queues": [{"vhost": "shop", "name": "o.eu", "arguments": {"x-message-ttl": 600000}},
               {"vhost": "/", "name": "plain"}],
    "bindings": [{"vhost": "shop", "source": "orders", "destination": "o.eu",
                  "routing_key": "eu.#"}],
}


class Desk:
    """A directory for files and a broker, both gone at the end."""

    def __init__(self, options=()):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="ternmq-definitions-"))
        self.server = broker.TernMQ(options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, content):
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(file)

    def start(self, *options):
        self.server.options = list(options)
        return self.server.start()

    def start_fails(self, *options):
        """The exit code and the log of a start that must not succeed."""
        self.server.options = list(options)
        program = self.server.spawn().program
        return program.wait(broker.patience(20)), program.log()

    def export(self, *flags):
        return json.loads(self.server.control("definitions", "export", *flags))


def names(entries):
    return sorted(entry["name"] for entry in entries)


def connect(server, user="guest", password="guest", vhost="/"):
    return pika.BlockingConnection(pika.ConnectionParameters(
        server.host, server.port, vhost, pika.PlainCredentials(user, password)))


def loaded_at_start_and_at_each_further_one():
    with Desk() as desk:
        file = desk.write("shop.json", SHOP)
        desk.start("--definitions", file)
        first = desk.export()
        assert names(first["queues"]) == ["o.eu", "plain"], first
        assert first["policies"][0]["definition"] == {"max-length": 3}, first
        connection = connect(desk.server, "web", "secret", "shop")
        channel = connection.channel()
        channel.confirm_delivery()
        for number in range(5):
            channel.basic_publish("orders", "eu.x", str(number),
                                  pika.BasicProperties(delivery_mode=2))
        connection.close()
        desk.server.restart()
        second = desk.export()
        for export in (first, second):
            for user in export["users"]:
                # Salted anew each time the plain password is read.
                user.pop("password_hash")
        assert second == first, (first, second)
        connection = connect(desk.server, "web", "secret", "shop")
        bodies = [connection.channel().basic_get("o.eu", auto_ack=True)[2] for _ in range(4)]
        assert bodies == [b"2", b"3", b"4", None], bodies
        connection.close()


def export_and_import_are_inverse():
    with Desk() as desk, Desk() as other:
        desk.start()
        desk.server.control("definitions", "import", desk.write("shop.json", SHOP))
        exported = desk.path / "export.json"
        desk.server.control("definitions", "export", str(exported))
        assert stat.S_IMODE(exported.stat().st_mode) == 0o600, "an export holds password hashes"
        desk.server.control("definitions", "import", str(exported))
        assert desk.server.control("definitions", "export") == exported.read_text()
        other.start("--definitions", str(exported))
        assert other.server.control("definitions", "export") == exported.read_text()
        connect(other.server, "web", "secret", "shop").close()


def one_virtual_host_goes_to_another():
    with Desk() as desk:
        desk.start("--definitions", desk.write("shop.json", SHOP))
        exported = str(desk.path / "shop-only.json")
        desk.server.control("definitions", "export", exported, "--vhost", "shop")
        assert '"vhost"' not in pathlib.Path(exported).read_text()
        desk.server.control("vhost", "add", "copy")
        desk.server.control("definitions", "import", exported, "--vhost", "copy")
        copy, shop = desk.export("--vhost", "copy"), desk.export("--vhost", "shop")
        for key in ("queues", "exchanges", "bindings", "policies"):
            assert copy[key] == shop[key] and copy[key], key


def all_or_nothing():
    with Desk() as desk:
        desk.start("--definitions", desk.write("shop.json", SHOP))
        before = desk.server.control("definitions", "export")
        changed = dict(SHOP, queues=[{"vhost": "/", "name": "new"},
                                     {"vhost": "shop", "name": "o.eu", "arguments": {}}])
        file = desk.write("changed.json", changed)
        text = desk.server.control("definitions", "import", file, code=1)
        assert f"{file}: $.queues[1]" in text, text
        assert "x-message-ttl" in text, text
        nowhere = dict(SHOP, bindings=[{"vhost": "shop", "source": "none", "destination": "o.eu"}],
                       queues=[*SHOP["queues"], {"vhost": "/", "name": "new"}])
        file = desk.write("nowhere.json", nowhere)
        text = desk.server.control("definitions", "import", file, code=1)
        assert f"{file}: $.bindings[0]" in text, text
        assert json.loads(before)["queues"] == desk.export()["queues"]


def a_broken_file_stops_the_start():
    with Desk() as desk:
        file = desk.write("broken.json", '{\n "queues": [,]}')
        code, log = desk.start_fails("--definitions", file)
        assert code == 2, (code, log)
        assert f"{file}:2:13: this is not JSON" in log, log
        assert not os.path.exists(desk.server.data_dir), "nothing is made for a file that is wrong"
        code, log = desk.start_fails("--definitions", str(desk.path / "none.json"))
        assert code == 2 and "No such file" in log, log
        wrong = dict(SHOP, bindings=[{"vhost": "shop", "source": "x", "destination": "o.eu"}])
        file = desk.write("wrong.json", wrong)
        code, log = desk.start_fails("--definitions", file)
        assert code == 2 and f"{file}: $.bindings[0]" in log, (code, log)
        # Nothing of it was taken over.
        desk.start()
        assert desk.export()["queues"] == [] and names(desk.export()["vhosts"]) == ["/"]


def a_directory_is_one_set_of_files():
    with Desk() as desk:
        parts = desk.path / "parts"
        desk.write("parts/1-shop.json", SHOP)
        desk.write("parts/2-more.json", {"queues": [{"vhost": "/", "name": "more"},
                                                    {"vhost": "/", "name": "plain"}]})
        desk.write("parts/README", "no definitions")
        desk.start("--definitions", str(parts))
        assert names(desk.export()["queues"]) == ["more", "o.eu", "plain"]
        desk.server.terminate()
        desk.write("parts/3-odd.json", {"queues": [{"vhost": "/", "name": "more",
                                                    "durable": False}]})
        code, log = desk.start_fails("--definitions", str(parts))
        assert code == 2, log
        assert "3-odd.json: $.queues[0]: queue 'more'" in log and "2-more.json: $" in log, log


def accounts_and_policies_from_the_command_line():
    with Desk() as desk:
        control = desk.start().control
        control("vhost", "add", "v", "--description", "a place")
        assert "v" in control("vhost", "list")
        control("user", "add", "bob", "pass", "--tags", "monitoring,management")
        assert "monitoring,management" in control("user", "list")
        assert "exists already" in control("user", "add", "bob", "pass", code=1)
        control("permissions", "set", "bob", ".*", ".*", ".*", "--vhost", "v")
        connect(desk.server, "bob", "pass", "v").close()
        control("user", "passwd", "bob", "other")
        connect(desk.server, "bob", "other", "v").close()
        channel = connect(desk.server, "bob", "other", "v").channel()
        channel.queue_declare("q", durable=True, arguments={"x-max-length": 3})
        control("policy", "set", "p", "^q", '{"max-length": 5, "expires": 60000}', "--vhost", "v",
                "--priority", "3", "--apply-to", "queues")
        assert "policy p" in control("list", "queues"), control("list", "queues")
        assert "argument" in control("list", "queues", "--vhost", "v")
        assert '{"expires":60000,"max-length":5}' in control("policy", "list")
        control("policy", "clear", "p", "--vhost", "v")
        control("policy", "clear", "p", "--vhost", "v", code=1)
        assert "policy p" not in control("list", "queues")
        control("permissions", "clear", "bob", "--vhost", "v")
        assert "bob" not in control("permissions", "list")
        control("user", "delete", "bob")
        control("vhost", "delete", "v")
        assert names(desk.export()["users"]) == ["guest"]
        assert names(desk.export()["vhosts"]) == ["/"]
        assert str(desk.server.program.pid) in control("status")


def without_a_broker():
    with Desk() as desk:
        text = desk.server.control("status", code=1)
        assert "there is no data directory" in text and "--data-dir" in text, text
        desk.start()
        socket = pathlib.Path(desk.server.data_dir) / "control.sock"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        desk.server.terminate()
        assert not socket.exists(), "an orderly stop takes its socket away"
        text = desk.server.control("status", code=1)
        assert "no broker uses the data directory" in text and str(socket) in text, text
        desk.start("--control-socket", str(desk.path / "elsewhere.sock"))
        text = desk.server.control("status", code=1)
        assert f"process {desk.server.program.pid} uses the data directory" in text, text
        desk.server.control("--socket", str(desk.path / "elsewhere.sock"), "status")
        # A broker that died leaves its socket; the next one takes the place.
        desk.server.kill()
        desk.start("--control-socket", str(desk.path / "elsewhere.sock"))
        desk.server.control("--socket", str(desk.path / "elsewhere.sock"), "status")


def check_finds_what_is_wrong():
    def check(*arguments):
        done = subprocess.run([str(broker.ternmq_binary()), "check", *arguments], text=True,
                              capture_output=True, check=False, timeout=broker.patience(30),
                              env=broker.clean_environment())
        return done.returncode, done.stdout + done.stderr

    with Desk() as desk:
        good = desk.write("good.json", SHOP)
        code, text = check("--definitions", good, "--strict")
        assert code == 0 and "0 errors, 0 warnings" in text, text
        lost = dict(SHOP, policies=[{"vhost": "shop", "name": "p", "pattern": "^nothing$",
                                     "definition": {"max-length": 1}}])
        file = desk.write("lost.json", lost)
        code, text = check("--definitions", file)
        assert code == 0 and f"{file}: $.policies[0]: warning: the policy 'p' matches" in text, text
        assert check("--definitions", file, "--strict")[0] == 1
        wrong = desk.write("wrong.json", dict(SHOP, exchanges=[]))
        code, text = check("--definitions", wrong)
        assert code == 1 and f"{wrong}: $.bindings[0].source: error: " in text, text


CASES = [loaded_at_start_and_at_each_further_one, export_and_import_are_inverse,
         one_virtual_host_goes_to_another, all_or_nothing, a_broken_file_stops_the_start,
         a_directory_is_one_set_of_files, accounts_and_policies_from_the_command_line,
         without_a_broker, check_finds_what_is_wrong]


sys.exit(cases.run(CASES))
