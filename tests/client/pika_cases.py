#!/usr/bin/python3
"""The common list of client cases, run with Debian's python3-pika. Usage: pika_cases.py PORT"""

import datetime
import decimal
import os
import sys
import time
import traceback
import uuid

import pika
from pika import exceptions

PORT = int(sys.argv[1])


def connect(password="guest", vhost="/", **options):
    return pika.BlockingConnection(pika.ConnectionParameters(
        "127.0.0.1", PORT, vhost, pika.PlainCredentials("guest", password),
        blocked_connection_timeout=30, socket_timeout=10, **options))


def name(what):
    return f"pika-{what}-{uuid.uuid4().hex[:8]}"


def raises(kind, action, *arguments, code=None, **options):
    """The action must raise this exception, with this reply code if one is given."""
    try:
        action(*arguments, **options)
    except kind as error:
        assert code is None or error.args[0] == code, f"{error!r}"
    else:
        raise AssertionError(f"no {kind.__name__} was raised")


def take(channel, queue, count, **options):
    """The next `count` deliveries of a new consumer, as (method, properties, body)."""
    found = []
    for method, properties, body in channel.consume(queue, inactivity_timeout=10, **options):
        assert method is not None, f"only {len(found)} of {count} messages came"
        found.append((method, properties, body))
        if len(found) == count:
            return found
    return found


def wrong_password(_):
    raises(exceptions.ProbableAuthenticationError, connect, "wrong")


def unknown_vhost(_):
    raises(exceptions.ProbableAccessDeniedError, connect, vhost="/nope")


def publish_confirm_consume_ack(connection):
    channel, exchange, queue = connection.channel(), name("x"), name("q")
    channel.confirm_delivery()
    channel.exchange_declare(exchange, "topic", durable=True)
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, exchange, "order.*")
    for number in range(50):
        channel.basic_publish(exchange, "order.new", str(number),
                              pika.BasicProperties(delivery_mode=2), mandatory=True)
    for number, (method, properties, body) in enumerate(take(channel, queue, 50)):
        assert body == str(number).encode() and properties.delivery_mode == 2
        assert method.routing_key == "order.new" and not method.redelivered
        channel.basic_ack(method.delivery_tag)
    channel.cancel()
    assert channel.queue_delete(queue).method.message_count == 0
    channel.exchange_delete(exchange)


def nack_and_requeue(connection):
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"again")
    (method, _, _), = take(channel, queue, 1)
    channel.basic_nack(method.delivery_tag, requeue=True)
    (method, _, body), = take(channel, queue, 1)
    assert body == b"again" and method.redelivered
    channel.basic_reject(method.delivery_tag, requeue=False)
    channel.cancel()
    assert channel.queue_declare(queue, passive=True).method.message_count == 0


def get(connection):
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    assert channel.basic_get(queue)[0] is None
    channel.basic_publish("", queue, b"a")
    channel.basic_publish("", queue, b"b")
    method, _, body = channel.basic_get(queue)
    assert (method.message_count, body) == (1, b"a")
    channel.basic_ack(0, multiple=True)
    assert channel.basic_get(queue, auto_ack=True)[2] == b"b"
    assert channel.basic_get(queue)[0] is None


def transaction(connection):
    channel, other = connection.channel(), connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.tx_select()
    channel.basic_publish("", queue, b"rolled back")
    channel.tx_rollback()
    channel.basic_publish("", queue, b"committed")
    assert other.basic_get(queue)[0] is None
    channel.tx_commit()
    method, _, body = channel.basic_get(queue)
    assert body == b"committed"
    channel.basic_ack(method.delivery_tag)
    channel.tx_commit()
    assert other.queue_declare(queue, passive=True).method.message_count == 0


def mandatory_return(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        channel.basic_publish("amq.direct", "nowhere", b"back", mandatory=True)
    except exceptions.UnroutableError as error:
        assert [message.body for message in error.messages] == [b"back"]
        assert error.messages[0].method.reply_code == 312
    else:
        raise AssertionError("no message was returned")


def missing_exchange(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    raises(exceptions.ChannelClosedByBroker, channel.basic_publish, name("missing"), "k", b"x",
           code=404)
    raises(exceptions.ChannelClosedByBroker, connection.channel().queue_declare,
           name("missing"), passive=True, code=404)
    assert connection.channel().is_open


def exclusive(connection):
    queue, owner = name("exclusive"), connect()
    owner.channel().queue_declare(queue, exclusive=True)
    raises(exceptions.ChannelClosedByBroker, connection.channel().queue_declare, queue, code=405)
    owner.close()
    raises(exceptions.ChannelClosedByBroker, connection.channel().queue_declare, queue,
           passive=True, code=404)


def reply_to(connection):
    client, server = connection.channel(), connection.channel()
    queue = server.queue_declare("", exclusive=True).method.queue
    answers = []
    client.basic_consume("amq.rabbitmq.reply-to", lambda *message: answers.append(message[3]),
                         auto_ack=True)

    def answer(channel, method, properties, body):
        channel.basic_publish("", properties.reply_to, body + b" back",
                              pika.BasicProperties(correlation_id=properties.correlation_id))
        channel.basic_ack(method.delivery_tag)

    server.basic_consume(queue, answer)
    client.basic_publish("", queue, b"call", pika.BasicProperties(
        reply_to="amq.rabbitmq.reply-to", correlation_id="1"))
    deadline = time.monotonic() + 10
    while not answers and time.monotonic() < deadline:
        connection.process_data_events(1)
    assert answers == [b"call back"], answers


def prefetch(connection):
    channel, got = connection.channel(), []
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_qos(prefetch_count=2)
    for body in "abcd":
        channel.basic_publish("", queue, body)
    channel.basic_consume(queue, lambda _c, method, _p, body: got.append((method, body)))
    deadline = time.monotonic() + 10
    while len(got) < 2 and time.monotonic() < deadline:
        connection.process_data_events(1)
    channel.exchange_declare("amq.direct", passive=True)
    connection.process_data_events(0)
    assert [body for _, body in got] == [b"a", b"b"], got
    channel.basic_ack(got[0][0].delivery_tag)
    while len(got) < 3 and time.monotonic() < deadline:
        connection.process_data_events(1)
    assert got[2][1] == b"c"


def large_body(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    body = bytes(range(256)) * 4096
    channel.basic_publish("", queue, body)
    assert channel.basic_get(queue, auto_ack=True)[2] == body


def headers(connection):
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    sent = pika.BasicProperties(
        content_type="text/plain", content_encoding="utf-8", priority=5, correlation_id="c",
        reply_to="r", expiration="60000", message_id="m", timestamp=1700000000, type="t",
        user_id="guest", app_id="a", cluster_id="cl", delivery_mode=1,
        headers={"text": "é☃", "yes": True, "int": -70000, "long": 2**40, "none": None,
                 "list": [1, "two", [False]], "table": {"inner": {"deep": 1}}, "bytes": b"\0\xff",
                 "decimal": decimal.Decimal("3.14"),
                 "time": datetime.datetime(2024, 5, 6, 7, 8, 9)})
    channel.basic_publish("", queue, b"x", sent)
    _, got, _ = channel.basic_get(queue, auto_ack=True)
    assert got == sent, f"{got} is not {sent}"


def deleted_queue(connection):
    channel, other, queue = connection.channel(), connection.channel(), name("deleted")
    channel.queue_declare(queue)
    cancelled = []
    channel.add_on_cancel_callback(lambda frame: cancelled.append(frame.method.consumer_tag))
    tag = channel.basic_consume(queue, lambda *_: None)
    other.queue_delete(queue)
    connection.process_data_events(5)
    assert cancelled == [tag], cancelled


def heartbeat(_):
    connection = connect(heartbeat=1)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        connection.process_data_events(0.5)
    connection.channel().exchange_declare("amq.direct", passive=True)
    connection.close()


def smallest_frames(_):
    connection = connect(frame_max=4096, channel_max=10)
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"x" * 10000)
    assert len(channel.basic_get(queue)[2]) == 10000
    connection.close()


CASES = [wrong_password, unknown_vhost, publish_confirm_consume_ack, nack_and_requeue, get,
         transaction, mandatory_return, missing_exchange, exclusive, reply_to, prefetch,
         large_body, headers, deleted_queue, heartbeat, smallest_frames]


def main():
    failed = 0
    for case in CASES:
        try:
            connection = connect()
            case(connection)
            if connection.is_open:
                connection.close()
            print(f"ok   {case.__name__}", flush=True)
        except Exception:  # Any error fails the case and not the others.
            failed += 1
            print(f"FAIL {case.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{len(CASES) - failed} passed, {failed} failed", flush=True)
    os._exit(1 if failed else 0)


main()
