"""Right frames with random arguments, bit flips of right ones: an error or an answer, never
harm.
"""

import random

from support import codec, methods, wire

SECONDS = 180
ROUNDS = 250


def mutated(source, payload):
    """The payload with a few octets changed, cut off or added."""
    raw = bytearray(payload)
    for _ in range(source.randrange(1, 4)):
        kind = source.randrange(4)
        if kind == 0 and len(raw) > 5:
            raw[source.randrange(4, len(raw))] ^= 1 << source.randrange(8)
        elif kind == 1 and len(raw) > 5:
            del raw[source.randrange(4, len(raw)):]
        elif kind == 2:
            raw += source.randbytes(source.randrange(1, 20))
        elif len(raw) > 5:
            raw[source.randrange(4, len(raw))] = source.choice([0, 1, 127, 128, 255])
    return bytes(raw)


def run(t):
    seed = random.randrange(2**32)
    print(f"     random_arguments: seed {seed}")
    source = random.Random(seed)
    witness = t.channel()
    queue = witness.queue(exclusive=True)
    witness.consume(queue, no_ack=True)
    names = sorted(methods.BY_NAME)
    tables = {"x-max-length": 5, "n": {"a": [1, {"b": None}]}, "t": "text"}
    for _ in range(ROUNDS):
        name = source.choice(names)
        arguments = {}
        for argument, kind in methods.BY_NAME[name].arguments:
            arguments[argument] = {"table": tables, "str": source.choice(["", "a", "amq.topic"]),
                                   "lstr": "x"}.get(kind, source.choice([0, 1, 1, 200]))
            if kind == "bit":
                arguments[argument] = source.random() < 0.3
        connection = t.connect()
        connection.channel(1)
        connection.send_frame(codec.FRAME_METHOD, source.choice([0, 1, 1, 1]),
                              mutated(source, codec.method_payload(name, arguments)))
        if source.random() < 0.3:
            connection.send_frame(codec.FRAME_HEADER, 1,
                                  mutated(source, codec.header_payload(3, {"headers": tables})))
        try:
            connection.send("connection.close")
            connection.socket.shutdown(1)
            while True:
                connection.next_frame(within=10)
        except (wire.Closed, OSError):
            pass
        witness.publish("", queue, "x")
        witness.expect_bodies("x")
