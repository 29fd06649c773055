"""access.request of old clients is still answered: ticket 1."""


def run(t):
    channel = t.channel()
    channel.send("access.request", realm="/data", active=True, write=True, read=True)
    channel.expect("access.request-ok", ticket=1)
