"""connection.start carries the mechanisms, the locale and the properties that clients look at."""

from support import codec
from support.wire import check, equal

CAPABILITIES = {
    "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
    "connection.blocked", "consumer_priorities", "authentication_failure_close",
    "per_consumer_qos", "direct_reply_to"}
TEXTS = ("cluster_name", "copyright", "information", "platform", "product", "version")


def run(t):
    start = t.connect(handshake="header").start
    equal((start.version_major, start.version_minor), (0, 9), "version")
    equal(set(start.mechanisms.split(b" ")), {b"PLAIN", b"AMQPLAIN"}, "mechanisms")
    equal(start.locales, b"en_US", "locales")
    properties = start.server_properties
    for key in TEXTS:
        equal(properties[key].tag, "S", f"type of {key}")
    equal(properties["capabilities"].tag, "F", "type of capabilities")
    equal(properties["capabilities"].value,
          {name: codec.Field("t", True) for name in CAPABILITIES}, "capabilities")
    equal(properties["product"].value, "RabbitMQ", "product")
    if not t.is_reference:
        # The reference is a 3.10; TernMQ shows itself as a 3.13 with its own name beside it.
        equal(properties["version"].value.rsplit(".", 1)[0], "3.13", "version")
        own = [field.value for key, field in properties.items()
               if key not in TEXTS and key != "capabilities"]
        check("TernMQ" in own, f"no property names TernMQ: {properties}")
