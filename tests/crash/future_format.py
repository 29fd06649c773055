"""A data directory written by a newer TernMQ is refused with a text that says so, and not touched.

The format number is a record of the store (key `f`, 8 octets, big-endian); it is raised here with
RocksDB's own C interface, loaded from the library that the broker itself uses.
"""

import ctypes
import ctypes.util
import pathlib
import struct

from support import wire
from support.broker import patience

FORMAT_KEY = b"f"


def _rocksdb():
    library = ctypes.CDLL(ctypes.util.find_library("rocksdb"))
    for name in ("rocksdb_options_create", "rocksdb_list_column_families", "rocksdb_get_cf",
                 "rocksdb_open_column_families", "rocksdb_writeoptions_create",
                 "rocksdb_readoptions_create"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


def set_format(data_dir, number):
    """Writes the format number; returns the one that was there."""
    library, error = _rocksdb(), ctypes.c_char_p()
    options, count = ctypes.c_void_p(library.rocksdb_options_create()), ctypes.c_size_t()
    path = str(data_dir).encode()
    names = ctypes.cast(library.rocksdb_list_column_families(
        options, path, ctypes.byref(count), ctypes.byref(error)), ctypes.POINTER(ctypes.c_char_p))
    wire.check(not error.value, f"{path}: {error.value}")
    every, handles = (ctypes.c_void_p * count.value)(), (ctypes.c_void_p * count.value)()
    for at in range(count.value):
        every[at] = options.value
    database = ctypes.c_void_p(library.rocksdb_open_column_families(
        options, path, ctypes.c_int(count.value), names, every, handles, ctypes.byref(error)))
    wire.check(not error.value, f"{path}: {error.value}")
    default = ctypes.c_void_p(handles[0])
    size, reading = ctypes.c_size_t(), ctypes.c_void_p(library.rocksdb_readoptions_create())
    before = library.rocksdb_get_cf(database, reading, default, FORMAT_KEY,
                                    ctypes.c_size_t(len(FORMAT_KEY)), ctypes.byref(size),
                                    ctypes.byref(error))
    wire.check(before and size.value == 8, "no format number is stored under its key")
    value = struct.pack(">Q", number)
    writing = ctypes.c_void_p(library.rocksdb_writeoptions_create())
    library.rocksdb_put_cf(database, writing, default, FORMAT_KEY,
                           ctypes.c_size_t(len(FORMAT_KEY)), value, ctypes.c_size_t(len(value)),
                           ctypes.byref(error))
    wire.check(not error.value, f"{path}: {error.value}")
    for handle in handles:
        library.rocksdb_column_family_handle_destroy(ctypes.c_void_p(handle))
    library.rocksdb_close(database)
    return struct.unpack(">Q", ctypes.string_at(before, 8))[0]


def run(make_server, _options):
    server = make_server().start()
    try:
        channel = wire.Connection(server).channel()
        channel.queue("kept", durable=True)
        channel.call("confirm.select")
        channel.publish("", "kept", "still here", delivery_mode=2)
        channel.expect_acks(1)
        server.terminate()
        current = set_format(server.data_dir, 1000)

        server.spawn()
        code, log = server.program.wait(patience(10)), server.program.log()
        wire.check(code > 0, f"exit code {code}: {log}")
        wire.check("newer" in log and "1000" in log and server.data_dir in log,
                   f"the error does not say what is wrong: {log}")
        wire.check(pathlib.Path(server.data_dir).exists(), "the data directory is gone")

        wire.equal(set_format(server.data_dir, current), 1000, "format number")
        server.start()
        wire.equal(wire.Connection(server).channel().drain("kept"), ["still here"], "messages")
    finally:
        server.stop()
