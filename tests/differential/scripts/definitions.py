"""Definitions: what is exported, and what an import makes. Only this script's own things are shown:
others run on the same broker.
"""

import json


def _own(s, exported, section):
    """The entries of a section that are this script's, as lines."""
    lines = []
    for entry in exported[section]:
        name = entry.get("name") or entry.get("source")
        if not name.startswith(s.name("")):
            continue
        # What RabbitMQ says beside, and pairs for what its command line has set.
        entry.pop("type" if section == "queues" else "internal", None)
        definition = entry.get("value", {}).get("definition")
        if isinstance(definition, list):
            entry["value"]["definition"] = dict(definition)
        lines.append(f"{section}: {json.dumps(entry, sort_keys=True)}")
    return sorted(lines)


def _note_export(s):
    exported = s.control.export_definitions()
    for section in ("exchanges", "queues", "bindings", "policies", "parameters"):
        for line in _own(s, exported, section):
            s.note(line)


def exported(s):
    c = s.channel()
    exchange = c.exchange("x", "topic", durable=True,
                          arguments={"alternate-exchange": s.name("y")})
    c.exchange("y", "fanout", durable=True, auto_delete=True)
    queue = c.queue("q", durable=True,
                    arguments={"x-message-ttl": 60000, "x-max-length": 5, "x-own": "text",
                               "x-list": [1, "a", True], "x-table": {"b": 2}})
    quorum = c.queue("quorum", durable=True,
                     arguments={"x-queue-type": "quorum", "x-delivery-limit": 3})
    c.queue("exclusive", exclusive=True)
    c.bind(queue, exchange, "a.#")
    c.bind(quorum, exchange, "b", {"x-own": 1})
    c.call("exchange.bind", source=exchange, destination=s.name("y"), routing_key="c")
    s.control.set_policy(s.name("p"), "^" + s.name("q"), {"max-length": 7, "expires": 600000},
                         priority=3, apply_to="queues")
    s.control.set_policy(s.name("op"), "^" + s.name("q"), {"max-length": 6},
                         apply_to="queues", operator=True)
    _note_export(s)
    s.control.clear_policy(s.name("p"))
    s.control.clear_policy(s.name("op"), operator=True)


def imported(s):
    """A file as TernMQ writes it, quirks of RabbitMQ's own among it; twice."""
    definitions = {
        "rabbit_version": "3.13.7", "rabbitmq_version": "3.13.7", "product_name": "TernMQ",
        "exchanges": [{"vhost": "/", "name": s.name("x"), "type": "direct", "durable": True,
                       "auto_delete": False, "internal": False, "arguments": {}}],
        "queues": [{"vhost": "/", "name": s.name("q"), "durable": True, "auto_delete": False,
                    "arguments": {"x-max-length": 2}}],
        "bindings": [{"vhost": "/", "source": s.name("x"), "destination": s.name("q"),
                      "destination_type": "queue", "routing_key": "k", "arguments": {}}],
        "policies": [{"vhost": "/", "name": s.name("p"), "pattern": "^" + s.name("q"),
                      "apply-to": "queues", "priority": 1,
                      "definition": {"message-ttl": 60000}}],
        "parameters": [{"vhost": "/", "component": "operator_policy", "name": s.name("op"),
                        "value": {"pattern": "^" + s.name("q"), "apply-to": "queues",
                                  "priority": 0, "definition": {"max-length": 9}}}],
    }
    for _ in range(2):
        s.control.import_definitions(definitions)
    _note_export(s)
    c = s.channel()
    for body in "abc":
        c.put(s.name("x"), "k", body)
    c.drain(s.name("q"))
    s.remember("queue", s.name("q"))
    s.remember("exchange", s.name("x"))
    s.control.clear_policy(s.name("p"))
    s.control.clear_policy(s.name("op"), operator=True)
