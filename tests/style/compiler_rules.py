"""The two rules that ask a compiler's tool: layout (clang-format) and headers that stand alone.

Both remember what passed, by content, under build/style: a second run looks at what has changed.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess

_FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror=return-type",
          "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_DISABLE_VISIBILITY"]
_JOBS = os.cpu_count() or 2


class Passed:
    """Names of what has passed before; a file per name."""

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    def has(self, name):
        return (self._folder / name).exists()

    def add(self, name):
        (self._folder / name).touch()


def _digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _version(tool):
    return subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout


def layout(root, files, cache, tool="clang-format"):
    """Yields (path, line, text) for every file that clang-format would change."""
    config = (pathlib.Path(root) / ".clang-format").read_text()
    salt = _version(tool) + config
    passed = Passed(cache)
    todo = [file for file in files if file.kind == "cpp" and not passed.has(
        _digest(salt, file.path, file.text))]

    def ask(file):
        result = subprocess.run([tool, "--dry-run", "-Werror", file.path], cwd=root,
                                capture_output=True, text=True)
        return file, result

    with concurrent.futures.ThreadPoolExecutor(_JOBS) as pool:
        for file, result in pool.map(ask, todo):
            if result.returncode == 0:
                passed.add(_digest(salt, file.path, file.text))
                continue
            lines = re.findall(r":(\d+):\d+: error:", result.stderr)
            line = int(lines[0]) if lines else 1
            yield file.path, line, "not as clang-format has it: ./dev format"


def _closure(file, by_path, search):
    """`file` and every header of the tree that it includes, at any depth."""
    seen, todo = {}, [file]
    while todo:
        one = todo.pop()
        if one.path in seen:
            continue
        seen[one.path] = one
        for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', one.text, re.MULTILINE):
            folder = os.path.dirname(one.path)
            for base in [folder, *search]:
                found = by_path.get(os.path.normpath(os.path.join(base, name)))
                if found:
                    todo.append(found)
                    break
    return [seen[path] for path in sorted(seen)]


def _is_proven_by_source(header, by_path):
    """Whether a source file begins with it: then the release build says whether it stands alone,
    which compiles src/ file by file. Tests are compiled in eights there, and prove nothing."""
    if not header.path.startswith("src/"):
        return False
    source = by_path.get(re.sub(r"\.hpp$", ".cpp", header.path))
    first = source and re.search(r'^\s*#\s*include\s*["<]([^">]+)[">]', source.text, re.MULTILINE)
    return bool(first) and header.path.endswith("/" + first[1])


def headers_alone(root, files, cache, compiler="g++"):
    """Yields (path, line, text) for every header that does not compile by itself."""
    search = ["src", "tests", "include"]
    by_path = {file.path: file for file in files}
    passed = Passed(cache)
    salt = _version(compiler) + " ".join(_FLAGS)
    todo = []
    for file in files:
        if (file.is_header and file.path.startswith(("src/", "tests/", "include/"))
                and not _is_proven_by_source(file, by_path)):
            together = _closure(file, by_path, search)
            name = _digest(salt, *[part for one in together for part in (one.path, one.text)])
            if not passed.has(name):
                todo.append((file, name))

    def ask(item):
        # On standard input, so that a header is not the main file: #pragma once would warn.
        folders = [f"-I{folder}" for folder in search]
        result = subprocess.run([compiler, *_FLAGS, *folders, "-x", "c++", "-"], cwd=root,
                                input=f'#include "{item[0].path}"\n', capture_output=True,
                                text=True)
        return item, result

    with concurrent.futures.ThreadPoolExecutor(_JOBS) as pool:
        for (file, name), result in pool.map(ask, todo):
            if result.returncode == 0:
                passed.add(name)
                continue
            error = next((line for line in result.stderr.splitlines() if "error" in line), "?")
            yield file.path, 1, f"does not compile alone: {error}"
