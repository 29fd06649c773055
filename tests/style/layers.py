"""The one table of what may include what (docs/architecture.md, "Layers").

A folder of src/ includes itself and what stands here, nothing else: folders, or single headers of
one. A new folder needs an entry.
"""

LAYERS = {
    "base": set(),
    "message": {"base"},
    "config": {"base", "message"},
    "storage": {"base", "message"},
    "exchange": {"base", "message"},
    "queue": {"base", "message"},
    "dlq": {"base", "message", "queue"},
    "broker": {"base", "message", "config", "storage", "exchange", "queue", "dlq"},
    "amqp": {"base", "message", "broker", "queue"},
    "net": {"base", "message", "config", "broker", "amqp"},
    # A client of any broker: of amqp the codec only.
    "perf": {"base", "message", "amqp/encoder.hpp", "amqp/frame.hpp", "amqp/method_codec.hpp",
             "amqp/methods_basic.hpp", "amqp/methods_connection.hpp", "amqp/methods_topology.hpp"},
    "cli": {"base", "message", "config"},
    # Of amqp the codec alone: the library for people's programs has nothing else in it, and what
    # needs more does not link (src/client/CMakeLists.txt). "ternmq" is include/ternmq.
    "client": {"base", "message", "amqp", "ternmq"},
    "processed_ids": {"ternmq"},
    # A program of the client, of which it sees what people see.
    "outbox": {"base", "config", "ternmq"},
}

# Single files that may include more than their folder, with the reason.
EXTRA = {
    "cli/serve.cpp": {"net"},  # The sub-command that is the broker.
    "cli/check.cpp": {"broker"},  # It reads and lints definitions as the broker would.
    # The sub-commands that are tools of their own.
    "cli/command_line.cpp": {"perf", "outbox"},
    "main.cpp": {"cli", "config"},
}

# Libraries that stay in certain folders, so that the others neither know them nor pay for them in
# compile time. `files` are further single files; `headers` says whether headers may include it.
LIBRARIES = [
    {"name": "Asio", "prefix": ("boost/asio", "boost/beast"),
     "layers": {"net", "http", "client", "outbox"}, "files": set(), "headers": True},
    {"name": "RocksDB", "prefix": ("rocksdb/",), "layers": {"storage"},
     "files": {"processed_ids/rocksdb.cpp"}, "headers": True},
    {"name": "nlohmann/json.hpp", "prefix": ("nlohmann/json.hpp",),
     "layers": {"config", "http", "perf", "cli", "outbox"},
     "files": {"broker/definitions.cpp", "broker/definitions_entries.cpp",
               "broker/definitions_format.cpp", "broker/definitions_json.cpp",
               "broker/control.cpp"}, "headers": False},
    {"name": "toml++", "prefix": ("toml++/",), "layers": {"config", "outbox"}, "files": set(),
     "headers": False},
    {"name": "libpq", "prefix": ("libpq-fe.h",), "layers": set(),
     "files": {"outbox/libpq.hpp", "processed_ids/postgresql.cpp"}, "headers": True},
    {"name": "SQLite", "prefix": ("sqlite3.h",), "layers": set(),
     "files": {"processed_ids/sqlite.cpp"}, "headers": False},
    {"name": "OpenSSL", "prefix": ("openssl/",), "layers": {"broker", "net", "client"},
     "files": set(), "headers": True},
]
