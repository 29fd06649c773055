"""What RabbitMQ never implemented ends the connection: 540."""

ROWS = [
    ("basic.publish", {"immediate": True}, "immediate=true", 60, 40),
    ("basic.qos", {"prefetch_size": 10}, "prefetch_size!=0 (10)", 60, 10),
    ("basic.recover", {"requeue": False}, "requeue=false", 60, 110),
    ("channel.flow", {"active": False}, "active=false", 20, 20),
]


def run(t):
    def refused(name, arguments, text, class_id, method_id):
        channel = t.channel()
        if name == "basic.publish":
            channel.connection.send_bytes(
                channel.publish_bytes("", "x").replace(b"\x01x\x00", b"\x01x\x02", 1))
        else:
            channel.send(name, **arguments)
        channel.connection.expect_close(540, f"NOT_IMPLEMENTED - {text}", class_id, method_id)

    t.each(ROWS, refused)
