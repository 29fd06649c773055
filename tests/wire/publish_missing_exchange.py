"""Publishing to an exchange that is not there closes the channel, with and without confirms."""


def run(t):
    for confirms in (False, True):
        channel, missing = t.channel(), t.name("x")
        if confirms:
            channel.call("confirm.select")
        channel.publish(missing, "key", "lost")
        channel.expect_error(404, f"NOT_FOUND - no exchange '{missing}' in vhost '/'", 60, 40)
        channel.reopen().expect_quiet()
