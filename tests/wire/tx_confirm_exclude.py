"""A channel is plain, transactional or confirming for life: 406 for a change."""

ROWS = [
    ([], "tx.commit", "channel is not transactional", 90, 20),
    ([], "tx.rollback", "channel is not transactional", 90, 30),
    (["confirm.select"], "tx.select", "cannot switch from confirm to tx mode", 90, 10),
    (["tx.select"], "confirm.select", "cannot switch from tx to confirm mode", 85, 10),
]


def run(t):
    channel = t.channel()

    def refused(before, method, text, class_id, method_id):
        for name in before + before:  # A second select is fine.
            channel.call(name)
        channel.send(method)
        channel.expect_error(406, f"PRECONDITION_FAILED - {text}", class_id, method_id)
        channel.reopen()

    t.each(ROWS, refused)
