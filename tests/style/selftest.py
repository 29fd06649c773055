"""Proves the rules: each must fire on its bad examples, on exactly the lines that are named, and
must be silent on its good ones. A rule without examples is a failure, too.
"""

import tempfile

import compiler_rules
import cpp_text
import rules
import source

# rule: [(path, text, lines that must be found)]
EXAMPLES = {
    "include_direction": [
        ("src/queue/a.cpp", '#include "base/slab.hpp"\n#include "storage/store.hpp"\n', [2]),
        ("src/base/a.hpp", '#include "message/ids.hpp"\n', [1]),
        ("src/cli/serve.cpp", '#include "net/server.hpp"\n', []),
        ("src/cli/other.cpp", '#include "net/server.hpp"\n', [1]),
        ("src/main.cpp", '#include "cli/serve.hpp"\n#include "broker/node.hpp"\n', [2]),
        ("src/perf/a.cpp", '#include "amqp/frame.hpp"\n#include "amqp/connection.hpp"\n', [2]),
        ("src/queue/a.cpp", '#include "lane.hpp"\n#include "../base/slab.hpp"\n', [1, 2]),
        ("src/queue/a.cpp", '// #include "storage/store.hpp"\n', []),
        ("src/novel/a.cpp", "int a;\n", [1]),
        ("tests/unit/queue/a.cpp", '#include "storage/store.hpp"\n', []),
    ],
    "library_place": [
        ("src/amqp/a.cpp", "#include <boost/asio/post.hpp>\n", [1]),
        ("src/net/a.hpp", "#include <boost/asio/post.hpp>\n", []),
        ("src/broker/a.cpp", "int a;\n#include <rocksdb/db.h>\n", [2]),
        ("src/broker/a.cpp", "#include <nlohmann/json.hpp>\n", [1]),
        ("src/broker/definitions.cpp", "#include <nlohmann/json.hpp>\n", []),
        ("src/http/a.hpp", "#include <nlohmann/json.hpp>\n#include <nlohmann/json_fwd.hpp>\n", [1]),
    ],
    "header_guard": [
        ("src/base/a.hpp", "#ifndef A\n#define A\n#endif\n", [1]),
        ("src/base/a.hpp", "// A.\n#pragma once\n", []),
    ],
    "line_length": [
        ("src/base/a.cpp", "int a;\n//" + "x" * 99 + "\n", [2]),
        ("src/base/a.cpp", "//" + "x" * 98 + "\n", []),
        ("docs/a.md", "x" * 120 + "\n", []),
    ],
    "white_space": [
        ("src/base/a.cpp", "int a; \nint b;\n\tint c;\n", [1, 3]),
        ("src/base/a.cpp", "int a;", [1]),
        ("docs/a.md", "text\n\n\n", [4]),
        ("src/base/a.cpp", "int a;\n", []),
    ],
    "machine_path": [
        ("docs/a.md", "Look into /ho" "me/somebody/ternmq.\n", [1]),
        ("src/base/a.cpp", 'auto a = "/t' 'mp/ternmq";\n', [1]),
        ("tests/run", "#!/bin/bash\ncd /wo" "rk/tree\n", [2]),
        ("docs/a.md", "/var/lib/ternmq, tests/unit/tmp/a, $" "HOME/root/a, a/tmp/b\n", []),
    ],
    "todo_with_issue": [
        ("src/base/a.cpp", "// TODO: later\n// TODO(#12): later\n", [1]),
        ("src/base/a.cpp", "// FIXME\n", [1]),
    ],
    "speaks_of_itself": [
        ("src/base/a.cpp", "// As ../sha" "red/design says.\n", [1]),
        ("docs/a.md", "one\nSee iss" "ue 12.\n", [2]),
        ("docs/a.md", "A session sends a method; many issues are open.\n", []),
    ],
    "banned_call": [
        ("src/base/a.cpp", "int a = std::rand();\n", [1]),
        ("src/base/a.cpp", "strcpy(a, b);\nsnprintf(a, 1, b);\n", [1]),
        ("src/base/a.cpp", "assert(a);\nstatic_assert(a);\n", [1]),
        ("src/base/ensure.cpp", "std::abort();\n", []),
        ("src/queue/a.cpp", "std::cout << 1;\n", [1]),
        ("src/queue/a.cpp", "int a = atoi(b);\n", [1]),
        ("src/queue/a.cpp", "// printf(a)\nauto a = \"strcpy(\";\noperand(1);\n", []),
        ("tests/unit/net/a.cpp", "std::this_thread::sleep_for(1s);\n", [1]),
        ("tests/support/a.cpp", "std::this_thread::sleep_for(1s);\n", []),
        ("src/net/a.cpp", "std::this_thread::sleep_for(1s);\n", []),
    ],
    "sleep_in_test": [
        ("tests/wire/a.py", "import time\ntime.sleep(1)\n", [2]),
        ("tests/crash/run", "#!/bin/bash\nsleep 1\n", [2]),
        ("tests/support/a.py", "import time\ntime.sleep(1)\n", []),
    ],
}

_LONG = "  a();\n" * 69
RATCHET_EXAMPLES = {
    "file_length": [
        ("src/base/a.cpp", "int a;\n" * 400, []),
        ("src/base/a.cpp", "int a;\n" * 401, ["src/base/a.cpp"]),
        ("tests/a/run", "#!/bin/bash\n" * 401, ["tests/a/run"]),
        ("docs/a.md", "text\n" * 900, []),
    ],
    "function_length": [
        ("src/base/a.cpp", "void f() {\n" + _LONG + "}\n", ["src/base/a.cpp:f"]),
        ("src/base/a.cpp", "void f() {\n" + _LONG[7:] + "}\n", []),
        ("src/base/a.cpp", "namespace a {\nclass B {\n  int c = f({});\n};\n"
         "B::B(int a)\n    : a_(a), b_{{1}} {\n" + _LONG + "}\n}\n", ["src/base/a.cpp:B::B"]),
        ("src/base/a.cpp", "constexpr int a[] = {\n" + "  1,\n" * 99 + "};\n", []),
        ("src/base/a.hpp", "class A {\n  void f(int a = {}) const noexcept override {\n" + _LONG
         + "  }\n  int b() { return 1; }\n};\n", ["src/base/a.hpp:f"]),
        ("src/base/a.cpp", 'TEST_CASE("}") {\n  auto g = [&](int a) {\n' + _LONG + "  };\n}\n",
         ["src/base/a.cpp:TEST_CASE"]),
        ("tests/a.py", "def f():\n" + "    a()\n" * 70, ["tests/a.py:f"]),
        ("tests/a.py", "def f():\n" + "    a()\n" * 69, []),
    ],
}


def _compare(name, text, wanted, found):
    if wanted != found:
        yield f"on {text[:60]!r}: found {found}, wanted {wanted}"


def _text_rules():
    for rule in rules.RULES:
        if not any(wanted for *_, wanted in EXAMPLES.get(rule.__name__, [])):
            yield f"{rule.__name__} has no example of what it must find"
        for path, text, wanted in EXAMPLES.get(rule.__name__, []):
            found = [line for line, _ in rule(source.Source(path, text))]
            yield from _compare(rule.__name__, text, wanted, found)
    for rule in rules.RATCHETS:
        if not any(wanted for *_, wanted in RATCHET_EXAMPLES.get(rule.__name__, [])):
            yield f"{rule.__name__} has no example of what it must find"
        for path, text, wanted in RATCHET_EXAMPLES.get(rule.__name__, []):
            found = [key for _, key, *_ in rule(source.Source(path, text))]
            yield from _compare(rule.__name__, text, wanted, found)


def _compiler_rules():
    """The two that run a tool, on a small tree; twice, as the second run takes the short way."""
    texts = {"src/base/good.hpp": "#pragma once\n#include <string>\n\n"
                                  "inline std::string good() { return {}; }\n",
             "src/base/bad.hpp": "#pragma once\n\ninline std::string bad() { return {}; }\n",
             "src/base/user.hpp": '#pragma once\n#include "base/bad.hpp"\n',
             # Begins its source file: the release build says what is wrong with it.
             "src/base/first.hpp": "#pragma once\n\ninline std::string first() { return {}; }\n",
             "src/base/first.cpp": '#include "base/first.hpp"\n',
             # Does not, or is a test's, and those are not compiled one by one.
             "src/base/second.hpp": "#pragma once\n\ninline std::string two() { return {}; }\n",
             "src/base/second.cpp": '#include "base/first.hpp"\n',
             "tests/unit/third.hpp": "#pragma once\n\ninline std::string three() { return {}; }\n",
             "tests/unit/third.cpp": '#include "unit/third.hpp"\n',
             "src/base/ugly.cpp": "int  a;\n"}
    files = [source.Source(path, text) for path, text in texts.items()]
    with tempfile.TemporaryDirectory() as root:
        for file in files:
            path = f"{root}/{file.path}"
            compiler_rules.pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
            compiler_rules.pathlib.Path(path).write_text(file.text)
        compiler_rules.pathlib.Path(root, ".clang-format").write_text("BasedOnStyle: Google\n")
        for run in ("first", "second"):
            found = [path for path, *_ in compiler_rules.layout(root, files, f"{root}/cache")]
            yield from _compare("layout", f"{run} run", ["src/base/ugly.cpp"], found)
            found = [path for path, *_ in compiler_rules.headers_alone(root, files,
                                                                       f"{root}/cache")]
            yield from _compare("headers_alone", f"{run} run",
                                ["src/base/bad.hpp", "src/base/second.hpp", "src/base/user.hpp",
                                 "tests/unit/third.hpp"], sorted(found))


def _blanking():
    """Comments and literals go, everything else stays at its place."""
    for text, wanted in [('a("}//"); // b', 'a("   ");     '),
                         ("/* c\n */ 1'000;", "    \n    1'000;"),
                         ("'\"' + '\\''", "' ' + '  '"),
                         ('R"x(")x" + 1', "         + 1")]:
        yield from _compare("blank", text, wanted, cpp_text.blank(text))


def find(quick=False):
    """(path, line, text) for everything that a rule does wrong."""
    parts = [_text_rules(), _blanking()] if quick else [_text_rules(), _blanking(),
                                                        _compiler_rules()]
    for part in parts:
        for text in part:
            yield "tests/style/selftest.py", 1, text
