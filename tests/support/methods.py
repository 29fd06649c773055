"""The methods of AMQP 0-9-1 as the tests know them: name, class id, method id, arguments.

Written from the protocol's text and kept apart from the broker's own table, so that a slip in one
shows as a difference. Argument kinds: o octet, s short, l long, q long long, str short string,
lstr long string, table, bit (neighbouring bits share an octet).
"""

_TEXT = """
connection.start 10 10 version_major:o version_minor:o server_properties:table mechanisms:lstr
    locales:lstr
connection.start-ok 10 11 client_properties:table mechanism:str response:lstr locale:str
connection.secure 10 20 challenge:lstr
connection.secure-ok 10 21 response:lstr
connection.tune 10 30 channel_max:s frame_max:l heartbeat:s
connection.tune-ok 10 31 channel_max:s frame_max:l heartbeat:s
connection.open 10 40 virtual_host:str reserved_1:str reserved_2:bit
connection.open-ok 10 41 reserved_1:str
connection.close 10 50 reply_code:s reply_text:str class_id:s method_id:s
connection.close-ok 10 51
connection.blocked 10 60 reason:str
connection.unblocked 10 61
connection.update-secret 10 70 new_secret:lstr reason:str
connection.update-secret-ok 10 71
channel.open 20 10 reserved_1:str
channel.open-ok 20 11 reserved_1:lstr
channel.flow 20 20 active:bit
channel.flow-ok 20 21 active:bit
channel.close 20 40 reply_code:s reply_text:str class_id:s method_id:s
channel.close-ok 20 41
access.request 30 10 realm:str exclusive:bit passive:bit active:bit write:bit read:bit
access.request-ok 30 11 ticket:s
exchange.declare 40 10 ticket:s exchange:str type:str passive:bit durable:bit auto_delete:bit
    internal:bit nowait:bit arguments:table
exchange.declare-ok 40 11
exchange.delete 40 20 ticket:s exchange:str if_unused:bit nowait:bit
exchange.delete-ok 40 21
exchange.bind 40 30 ticket:s destination:str source:str routing_key:str nowait:bit arguments:table
exchange.bind-ok 40 31
exchange.unbind 40 40 ticket:s destination:str source:str routing_key:str nowait:bit arguments:table
exchange.unbind-ok 40 51
queue.declare 50 10 ticket:s queue:str passive:bit durable:bit exclusive:bit auto_delete:bit
    nowait:bit arguments:table
queue.declare-ok 50 11 queue:str message_count:l consumer_count:l
queue.bind 50 20 ticket:s queue:str exchange:str routing_key:str nowait:bit arguments:table
queue.bind-ok 50 21
queue.purge 50 30 ticket:s queue:str nowait:bit
queue.purge-ok 50 31 message_count:l
queue.delete 50 40 ticket:s queue:str if_unused:bit if_empty:bit nowait:bit
queue.delete-ok 50 41 message_count:l
queue.unbind 50 50 ticket:s queue:str exchange:str routing_key:str arguments:table
queue.unbind-ok 50 51
basic.qos 60 10 prefetch_size:l prefetch_count:s global_:bit
basic.qos-ok 60 11
basic.consume 60 20 ticket:s queue:str consumer_tag:str no_local:bit no_ack:bit exclusive:bit
    nowait:bit arguments:table
basic.consume-ok 60 21 consumer_tag:str
basic.cancel 60 30 consumer_tag:str nowait:bit
basic.cancel-ok 60 31 consumer_tag:str
basic.publish 60 40 ticket:s exchange:str routing_key:str mandatory:bit immediate:bit
basic.return 60 50 reply_code:s reply_text:str exchange:str routing_key:str
basic.deliver 60 60 consumer_tag:str delivery_tag:q redelivered:bit exchange:str routing_key:str
basic.get 60 70 ticket:s queue:str no_ack:bit
basic.get-ok 60 71 delivery_tag:q redelivered:bit exchange:str routing_key:str message_count:l
basic.get-empty 60 72 reserved_1:str
basic.ack 60 80 delivery_tag:q multiple:bit
basic.reject 60 90 delivery_tag:q requeue:bit
basic.recover-async 60 100 requeue:bit
basic.recover 60 110 requeue:bit
basic.recover-ok 60 111
basic.nack 60 120 delivery_tag:q multiple:bit requeue:bit
confirm.select 85 10 nowait:bit
confirm.select-ok 85 11
tx.select 90 10
tx.select-ok 90 11
tx.commit 90 20
tx.commit-ok 90 21
tx.rollback 90 30
tx.rollback-ok 90 31
"""


class Method:
    """One method's name, ids and ordered (argument name, kind) pairs."""

    def __init__(self, line):
        self.name, class_id, method_id, *arguments = line.split()
        self.ids = (int(class_id), int(method_id))
        self.arguments = [tuple(argument.split(":")) for argument in arguments]


BY_NAME = {}
BY_IDS = {}
for _line in _TEXT.strip().replace("\n    ", " ").splitlines():
    _method = Method(_line)
    BY_NAME[_method.name] = _method
    BY_IDS[_method.ids] = _method

# The properties of a content header, from bit 15 of the flags downwards.
PROPERTIES = [
    ("content_type", "str"), ("content_encoding", "str"), ("headers", "table"),
    ("delivery_mode", "o"), ("priority", "o"), ("correlation_id", "str"), ("reply_to", "str"),
    ("expiration", "str"), ("message_id", "str"), ("timestamp", "q"), ("type", "str"),
    ("user_id", "str"), ("app_id", "str"), ("cluster_id", "str"),
]
