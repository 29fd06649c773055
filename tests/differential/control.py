"""What an operator does to a broker, in one way for both: policies, definitions."""

import base64
import json
import os
import tempfile
import urllib.request

from support.broker import patience


class _Rabbit:
    """The management plugin's HTTP API: rabbitmqctl starts an Erlang machine each time."""

    def __init__(self, server):
        self._base = f"http://127.0.0.1:{server.management_port}/api/"

    def _ask(self, method, path, body=None):
        login = base64.b64encode(b"guest:guest").decode()
        request = urllib.request.Request(
            self._base + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Basic {login}"})
        with urllib.request.urlopen(request, timeout=patience(60)) as answer:
            return answer.read()

    def set_policy(self, name, pattern, definition, *, priority=0, apply_to="all",
                   operator=False):
        self._ask("PUT", f"{'operator-policies' if operator else 'policies'}/%2F/{name}", {
            "pattern": pattern, "definition": definition, "priority": priority,
            "apply-to": "queues" if operator else apply_to})

    def clear_policy(self, name, *, operator=False):
        self._ask("DELETE", f"{'operator-policies' if operator else 'policies'}/%2F/{name}")

    def export_definitions(self):
        return json.loads(self._ask("GET", "definitions"))

    def import_definitions(self, definitions):
        self._ask("POST", "definitions", definitions)


class _Tern:
    """ternmq ctl."""

    def __init__(self, server):
        self._server = server

    def set_policy(self, name, pattern, definition, *, priority=0, apply_to="all",
                   operator=False):
        self._server.control("policy", "set", name, pattern, json.dumps(definition), "--priority",
                             str(priority), "--apply-to", apply_to,
                             *(["--operator"] if operator else []))

    def clear_policy(self, name, *, operator=False):
        self._server.control("policy", "clear", name, *(["--operator"] if operator else []))

    def export_definitions(self):
        return json.loads(self._server.control("definitions", "export"))

    def import_definitions(self, definitions):
        handle, path = tempfile.mkstemp(suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(definitions, file)
        self._server.control("definitions", "import", path)
        os.unlink(path)


def of(server):
    return _Rabbit(server) if server.kind == "reference" else _Tern(server)
