"""With frame_max 4096 bodies go in pieces of at most 4088 octets, in both directions."""

from support import codec, wire


def run(t):
    small, large = t.channel(frame_max=4096), t.channel()
    queue = small.queue(t.name(), auto_delete=True)
    body = bytes(range(256)) * 40
    for sender, receiver in ((small, large), (large, small), (small, small)):
        sender.publish("", queue, body)
        t.until(lambda: sender.ready_count(queue) == 1, "the message is ready")
        wire.equal(receiver.get(queue).body, body, "body")
    # Exactly one full frame, and one octet more.
    for size, pieces in ((4088, [4088]), (4089, [4088, 1]), (8176, [4088, 4088])):
        small.publish("", queue, b"z" * size)
        small.send("basic.get", queue=queue, no_ack=True)
        small.expect("basic.get-ok")
        frame = small.connection.frame_on(small.number)
        wire.equal(codec.decode_header(frame.payload)[0], size, "size in the header")
        lengths = [len(small.connection.frame_on(small.number).payload) for _ in pieces]
        wire.equal(lengths, pieces, "body frames")
    small.call("queue.delete", queue=queue)
