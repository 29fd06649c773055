"""All properties and every type of header field arrive as they were sent, byte for byte."""

from support import codec, wire
from support.codec import Field

HEADERS = {
    "t": True, "b": Field("b", -5), "B": Field("B", 250), "s": Field("s", -3000),
    "u": Field("u", 60000), "I": -70000, "i": Field("i", 4000000000), "l": 2**40,
    "f": Field("f", 0.5), "d": 3.25, "D": Field("D", (2, 314)), "S": "text \u2603",
    "T": Field("T", 1700000000), "x": b"\0\1\xff", "V": None, "empty": "",
    "A": [1, "two", [True, None], {"k": "v"}], "F": {"inner": {"deep": [1.5, b"x"]}}, "E": {},
}
PROPERTIES = {
    "content_type": "text/plain", "content_encoding": "utf-8", "headers": HEADERS,
    "delivery_mode": 2, "priority": 9, "correlation_id": "c-1", "reply_to": "somewhere",
    "expiration": "60000", "message_id": "m-1", "timestamp": 1700000001, "type": "order",
    "user_id": "guest", "app_id": "wire", "cluster_id": "none",
}


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.publish("", queue, "x", **PROPERTIES)
    channel.send("basic.get", queue=queue, no_ack=True)
    channel.expect("basic.get-ok")
    header = channel.connection.frame_on(channel.number).payload
    wire.equal(header, codec.header_payload(1, PROPERTIES), "content header")
