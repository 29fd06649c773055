"""What an exchange cannot route goes to its alternate exchange, which also counts as routed."""

from support import wire


def run(t):
    channel = t.channel()
    fallback = channel.exchange(t.name("x"), "fanout")
    middle = channel.exchange(t.name("x"), arguments={"alternate-exchange": fallback})
    main = channel.exchange(t.name("x"), arguments={"alternate-exchange": middle})
    routed, strayed = channel.queue(exclusive=True), channel.queue(exclusive=True)
    channel.bind(routed, main, "known")
    channel.bind(strayed, fallback)
    channel.call("confirm.select")
    channel.publish(main, "known", "straight", mandatory=True)
    channel.publish(main, "unknown", "by the alternate of the alternate", mandatory=True)
    channel.expect_acks(2)
    wire.equal(channel.drain(routed), ["straight"], "routed")
    message = channel.get(strayed)
    wire.equal((message.method.exchange, message.method.routing_key), (main, "unknown"),
               "exchange and key of the strayed message")
    # An alternate that is missing drops, a cycle of alternates ends.
    alone = channel.exchange(t.name("x"), arguments={"alternate-exchange": t.name("missing")})
    channel.publish(alone, "k", "returned", mandatory=True)
    channel.expect_message("basic.return", reply_code=312)
    channel.expect("basic.ack", delivery_tag=3)
    one, two = t.name("x"), t.name("x")
    channel.exchange(one, arguments={"alternate-exchange": two})
    channel.exchange(two, arguments={"alternate-exchange": one})
    channel.publish(one, "k", "round and round", mandatory=True)
    channel.expect_message("basic.return", reply_code=312)
    channel.expect("basic.ack", delivery_tag=4)
    for name in (main, middle, fallback, alone, one, two):
        channel.call("exchange.delete", exchange=name)
