"""The rules that look at one text. A rule takes a Source and yields (line, what is wrong).

RULES names them all; selftest.py shows for each that it fires. Rules with a ratchet yield
(line, key, size, limit) instead: check.py compares with ratchet.txt.
"""

import ast
import re

import cpp_text
import layers
import source

LINE_MAX = 100
FILE_MAX = 600
FILE_WARN = 400
FUNCTION_MAX = 70


def include_direction(file):
    if file.layer is None or file.kind != "cpp":
        return
    inside = file.path[len("src/"):]
    if file.layer and file.layer not in layers.LAYERS:
        yield 1, f"folder src/{file.layer} is not in tests/style/layers.py"
        return
    allowed = {file.layer} | layers.LAYERS.get(file.layer, set())
    allowed |= layers.EXTRA.get(inside, set())
    code = cpp_text.without_comments(file.text)
    for number, line in enumerate(code.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not match:
            continue
        folder = match.group(1).split("/")[0]
        if "/" not in match.group(1) or folder == "..":
            yield number, f'include "{match.group(1)}" by its path from src/'
        elif folder not in allowed and match.group(1) not in allowed:
            yield number, f"{file.layer or inside} may not include {folder}"


def library_place(file):
    if file.layer is None or file.kind != "cpp":
        return
    inside = file.path[len("src/"):]
    for number, line in enumerate(file.lines, 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        for library in layers.LIBRARIES if match else []:
            if not match.group(1).startswith(library["prefix"]):
                continue
            if file.layer not in library["layers"] and inside not in library["files"]:
                yield number, f"{library['name']} does not belong in src/{file.layer}"
            elif file.is_header and not library["headers"]:
                yield number, f"{library['name']} does not belong in a header"


def header_guard(file):
    if file.is_header and "#pragma once" not in file.lines:
        yield 1, "a header needs #pragma once"


def line_length(file):
    for number, line in enumerate(file.lines, 1):
        if file.kind in source.CODE and len(line) > LINE_MAX:
            yield number, f"{len(line)} columns, {LINE_MAX} are allowed"


def white_space(file):
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line"
        if "\t" in line and file.kind in {"cpp", "python", "shell", "cmake", "text"}:
            yield number, "a tab"
    if file.text and not file.text.endswith("\n"):
        yield len(file.lines), "no line end at the end of the file"
    if file.text.endswith("\n\n"):
        yield len(file.lines), "empty lines at the end of the file"


# Paths of somebody's machine. A temporary directory comes from mktemp or tempfile.
_MACHINE = re.compile(r"(?<![\w./$}~-])/(?:work|root|home|Users|tmp|mnt|opt)/[\w.-]+")


def machine_path(file):
    for number, line in enumerate(file.lines, 1):
        for match in _MACHINE.finditer(line):
            yield number, f"{match.group()} is a path of one machine"


def todo_with_issue(file):
    if file.path.startswith("tests/style/"):
        return
    for number, line in enumerate(file.lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))", line):
            yield number, "needs the number of an issue: TODO(#12)"


# A reader has this tree and nothing else: text must not lean on people or papers outside of it.
_OUTSIDE = re.compile(
    r"\.\./shared|\bthe brief\b|\bcolleagues?\b|\bas instructed\b|\btime[ -]?box\b"
    r"|\bco-?worker|\bchat ?gpt\b|\bclaude\b|\bthis (coding )?session's task\b"
    r"|\bissues? #?\d+\b|\bdesign\.md\b|\bstyle\.md\b|\bstorage-lab\b", re.IGNORECASE)


def speaks_of_itself(file):
    if file.path.startswith("tests/style/"):
        return
    for number, line in enumerate(file.lines, 1):
        match = _OUTSIDE.search(line)
        if match:
            yield number, f"'{match.group()}' is nothing that a reader of this tree can look up"


# These may let time pass, and say why where they do: one kills at any time, one waits with a
# deadline for what it cannot be told.
_WAITING_BY_NAME = ("tests/unit/storage/crash_test.cpp", "tests/unit/storage/space_test.cpp")

# (pattern, what to do instead, folders where it is banned, folders where it is not)
_CALLS = [
    (r"\bstd::s?rand\b|(?<![\w:.>])s?rand\s*\(", "take a seeded generator", ("src/", "tests/"), ()),
    (r"\b(strcpy|strcat|sprintf|vsprintf|strtok|gets)\s*\(", "it does not know the size",
     ("src/", "tests/"), ()),
    (r"\b(atoi|atol|atoll|atof)\s*\(", "it reports no error: std::from_chars, strtol",
     ("src/", "tests/"), ()),
    (r"(?<![\w.>])assert\s*\(|(std|[^\w])::abort\s*\(", "use ensure()", ("src/",),
     ("src/base/ensure.",)),
    (r"\b(std::cout|std::cerr)\b|(?<![\w:.>])(f?printf|puts)\s*\(", "use the log",
     ("src/",), ("src/main.cpp",)),
    (r"\b(tmpnam|mktemp|alloca|std::system)\s*\(", "it is unsafe", ("src/", "tests/"), ()),
    (r"\busing namespace std\s*;", "name what you use", ("src/", "tests/"), ()),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", "wait for a condition with a deadline",
     ("tests/",), ("tests/support/", *_WAITING_BY_NAME)),
]


def banned_call(file):
    if file.kind != "cpp":
        return
    for number, line in enumerate(cpp_text.blank(file.text).split("\n"), 1):
        for pattern, instead, inside, outside in _CALLS:
            match = re.search(pattern, line)
            if match and file.path.startswith(inside) and not file.path.startswith(outside or "!"):
                yield number, f"{match.group().rstrip(' (')}: {instead}"


_MAY_SLEEP = ("tests/support/", "tests/style/")


def sleep_in_test(file):
    """Python and shell tests; C++ has it among the banned calls."""
    if not file.path.startswith("tests/") or file.path.startswith(_MAY_SLEEP):
        return
    pattern = {"python": r"\btime\.sleep\(", "shell": r"^\s*sleep\s+[\d$]"}.get(file.kind)
    for number, line in enumerate(file.lines, 1):
        if pattern and re.search(pattern, line):
            yield number, "wait for a condition with a deadline (tests/support)"


def file_length(file):
    """Ratchet: longer than FILE_WARN needs an entry, longer than FILE_MAX is never right."""
    size = len(file.lines) - 1
    if file.kind in source.CODE and size > FILE_WARN:
        yield 1, file.path, size, FILE_MAX


def _python_functions(file):
    for node in ast.walk(ast.parse(file.text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def function_length(file):
    """Ratchet: longer than FUNCTION_MAX needs an entry."""
    found = {"cpp": lambda: cpp_text.functions(file.text),
             "python": lambda: _python_functions(file)}.get(file.kind, lambda: [])()
    for name, first, last in found:
        if last - first + 1 > FUNCTION_MAX:
            yield first, f"{file.path}:{name}", last - first + 1, None


RULES = [include_direction, library_place, header_guard, line_length, white_space, machine_path,
         todo_with_issue, speaks_of_itself, banned_call, sleep_in_test]
RATCHETS = [file_length, function_length]
