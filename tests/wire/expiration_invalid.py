"""An expiration that is not a whole number of milliseconds closes the channel: 406."""

ROWS = [("abc", "no_integer"), ("-1", "{value_negative,-1}"), ("", "no_integer"),
        ("10s", "{leftover_string,\"s\"}")]


def run(t):
    channel = t.channel()

    def refused(expiration, why):
        channel.publish("", "", "x", expiration=expiration)
        channel.expect_error(
            406, f"PRECONDITION_FAILED - invalid expiration '{expiration}': {why}", 60, 40)
        channel.reopen()

    t.each(ROWS, refused)
