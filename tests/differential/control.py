"""What an operator does to a broker, in one way for both: policies."""

import json


class _Rabbit:
    """rabbitmqctl."""

    def __init__(self, server):
        self._server = server

    def set_policy(self, name, pattern, definition, *, priority=0, apply_to="all",
                   operator=False):
        verb = "set_operator_policy" if operator else "set_policy"
        self._server.control(verb, "--priority", str(priority), "--apply-to", apply_to, name,
                             pattern, json.dumps(definition))

    def clear_policy(self, name, *, operator=False):
        self._server.control("clear_operator_policy" if operator else "clear_policy", name)


class _Tern(_Rabbit):
    """ternmq ctl."""

    def set_policy(self, name, pattern, definition, *, priority=0, apply_to="all",
                   operator=False):
        flags = ["--operator"] if operator else []
        self._server.control("policy", "set", *flags, "--priority", str(priority), "--apply-to",
                             apply_to, name, pattern, json.dumps(definition))

    def clear_policy(self, name, *, operator=False):
        flags = ["--operator"] if operator else []
        self._server.control("policy", "clear", *flags, name)


def of(server):
    return _Rabbit(server) if server.kind == "reference" else _Tern(server)
