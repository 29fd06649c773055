"""CC and BCC headers must be arrays of strings: 406 for another type."""

ROWS = [("CC", "a", "longstr"), ("BCC", "a", "longstr"), ("CC", 1, "signedint"),
        ("BCC", {"a": 1}, "table")]


def run(t):
    channel = t.channel()

    def refused(header, value, kind):
        channel.publish("", "", "x", headers={header: value})
        channel.expect_error(
            406, "PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"
            f'"{header}",{kind}}}', 60, 40)
        channel.reopen()

    t.each(ROWS, refused)
