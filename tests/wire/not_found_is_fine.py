"""Deleting, unbinding and cancelling what is not there is answered as if it had been."""


def run(t):
    channel = t.channel()
    queue = channel.queue(t.name(), exclusive=True)
    channel.send("queue.delete", queue=t.name())
    channel.expect("queue.delete-ok", message_count=0)
    channel.call("exchange.delete", exchange=t.name("x"))
    channel.call("queue.unbind", queue=t.name(), exchange="amq.direct", routing_key="k")
    channel.call("queue.unbind", queue=queue, exchange="amq.direct", routing_key="k")
    channel.call("exchange.unbind", destination="amq.fanout", source="amq.direct")
    channel.send("basic.cancel", consumer_tag="unheard-of")
    channel.expect("basic.cancel-ok", consumer_tag="unheard-of")
