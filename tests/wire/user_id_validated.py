"""The user-id property must be the user that is logged in: 406."""

from support import wire


def run(t):
    channel = t.channel()
    queue = channel.queue(exclusive=True)
    channel.publish("", queue, "mine", user_id="guest")
    wire.equal(channel.get(queue).properties, {"user_id": "guest"}, "properties")
    channel.publish("", queue, "forged", user_id="bob")
    channel.expect_error(
        406, "PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was "
        "'guest'", 60, 40)
