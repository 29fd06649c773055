"""Encodes and decodes AMQP 0-9-1 frames for tests, plainly and without any limit checks.

Python values stand for field values: bool t, int I (l when it does not fit), float d, str S,
bytes x, None V, list A, dict F. Any other tag is written as Field("T", 1700000000).
"""

import struct
from typing import Any, NamedTuple

from support import methods

FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT, FRAME_END = 1, 2, 3, 8, 0xCE

_NUMBERS = {"o": ">B", "s": ">H", "l": ">I", "q": ">Q"}
_FIXED = {"b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q",
          "L": ">q", "f": ">f", "d": ">d", "T": ">Q"}


class Field(NamedTuple):
    """A field value with the tag it has on the wire; D (decimal) holds (scale, integer)."""

    tag: str
    value: Any


def shortstr(text):
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack(">B", len(raw)) + raw


def longstr(text):
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack(">I", len(raw)) + raw


def _with_tag(value):
    if isinstance(value, Field):
        return value
    if isinstance(value, bool):
        return Field("t", value)
    if isinstance(value, int):
        return Field("I" if -2**31 <= value < 2**31 else "l", value)
    tags = {float: "d", str: "S", bytes: "x", type(None): "V", list: "A", dict: "F"}
    return Field(tags[type(value)], value)


def field(value):
    """Tag and value of one field."""
    tag, value = _with_tag(value)
    if tag in _FIXED:
        raw = struct.pack(_FIXED[tag], value)
    elif tag == "t":
        raw = b"\1" if value else b"\0"
    elif tag in "Sx":
        raw = longstr(value)
    elif tag == "A":
        raw = longstr(b"".join(field(item) for item in value))
    elif tag == "F":
        raw = table(value)
    elif tag == "D":
        raw = struct.pack(">BI", *value)
    else:
        raw = b""
    return tag.encode() + raw


def table_body(values):
    """A table without its length prefix: what AMQPLAIN sends."""
    return b"".join(shortstr(key) + field(value) for key, value in values.items())


def table(values):
    return longstr(table_body(values))


class Reader:
    """Takes values off the front of a byte string; struct.error when it is too short."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, count):
        if self.at + count > len(self.raw):
            raise struct.error(f"{count} bytes wanted at {self.at} of {len(self.raw)}")
        self.at += count
        return self.raw[self.at - count:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def shortstr(self):
        return self.take(self.number(">B")).decode()

    def longstr(self):
        return self.take(self.number(">I"))

    def field(self):
        tag = self.take(1).decode()
        if tag in _FIXED:
            return Field(tag, self.number(_FIXED[tag]))
        if tag == "t":
            return Field(tag, self.take(1) != b"\0")
        if tag == "S":
            return Field(tag, self.longstr().decode(errors="replace"))
        if tag == "x":
            return Field(tag, self.longstr())
        if tag == "A":
            inner, items = Reader(self.longstr()), []
            while inner.at < len(inner.raw):
                items.append(inner.field())
            return Field(tag, items)
        if tag == "F":
            return Field(tag, self.table())
        if tag == "D":
            return Field(tag, (self.number(">B"), self.number(">I")))
        if tag == "V":
            return Field(tag, None)
        raise struct.error(f"field tag {tag!r}")

    def table(self):
        inner, values = Reader(self.longstr()), {}
        while inner.at < len(inner.raw):
            key = inner.shortstr()
            values[key] = inner.field()
        return values

    def argument(self, kind):
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        return {"str": self.shortstr, "lstr": self.longstr, "table": self.table}[kind]()


def plain(value):
    """A decoded value without its tags."""
    if isinstance(value, Field):
        value = value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _argument(kind, value):
    if kind in _NUMBERS:
        return struct.pack(_NUMBERS[kind], value or 0)
    if kind == "table":
        return table(value or {})
    return shortstr(value or "") if kind == "str" else longstr(value or "")


def method_payload(name, arguments):
    """Class id, method id and arguments; what is not named is zero or empty."""
    method = methods.BY_NAME[name]
    unknown = set(arguments) - {argument for argument, _ in method.arguments}
    if unknown:
        raise TypeError(f"{name} has no {unknown}")
    raw, bits, bit_count = struct.pack(">HH", *method.ids), 0, 0
    for argument, kind in method.arguments:
        value = arguments.get(argument)
        if kind == "bit":
            bits |= (1 if value else 0) << bit_count
            bit_count += 1
            continue
        if bit_count:
            raw, bits, bit_count = raw + struct.pack(">B", bits), 0, 0
        raw += _argument(kind, value)
    return raw + (struct.pack(">B", bits) if bit_count else b"")


class Decoded:
    """A received method: its name and its arguments as attributes."""

    def __init__(self, name, arguments):
        self.name, self.arguments = name, arguments

    def __getattr__(self, key):
        try:
            return self.arguments[key]
        except KeyError:
            raise AttributeError(f"{self.name} has no {key}") from None

    def __repr__(self):
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.arguments.items())})"


def decode_method(payload):
    reader = Reader(payload)
    method = methods.BY_IDS[(reader.number(">H"), reader.number(">H"))]
    arguments, bits, bit_count = {}, 0, 8
    for argument, kind in method.arguments:
        if kind == "bit":
            if bit_count == 8:
                bits, bit_count = reader.number(">B"), 0
            arguments[argument] = bool(bits >> bit_count & 1)
            bit_count += 1
        else:
            arguments[argument] = reader.argument(kind)
            bit_count = 8
    if reader.at != len(payload):
        raise struct.error(f"{method.name}: {len(payload) - reader.at} bytes too many")
    return Decoded(method.name, arguments)


def header_payload(size, properties, class_id=60):
    """A content header; `properties` by the names of methods.PROPERTIES."""
    flags, raw = 0, b""
    unknown = set(properties) - {name for name, _ in methods.PROPERTIES}
    if unknown:
        raise TypeError(f"no property {unknown}")
    for bit, (name, kind) in enumerate(methods.PROPERTIES):
        if name in properties:
            flags |= 1 << (15 - bit)
            raw += _argument(kind, properties[name])
    return struct.pack(">HHQH", class_id, 0, size, flags) + raw


def decode_header(payload):
    """(body size, properties with typed headers)."""
    reader = Reader(payload)
    _class_id, _weight, size = (reader.number(form) for form in (">H", ">H", ">Q"))
    flags, properties = reader.number(">H"), {}
    for bit, (name, kind) in enumerate(methods.PROPERTIES):
        if flags >> (15 - bit) & 1:
            properties[name] = reader.argument(kind)
    return size, properties


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([FRAME_END])
