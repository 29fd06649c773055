"""Compiles the C++ blocks of all pages: those that are whole programs one by one, to be run, and
all others as one translation unit, because the headers take longer than the blocks.
"""

import pathlib
import re
import subprocess

from runners import ROOT, Broken

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable",
         "-Wno-unused-but-set-variable", f"-I{ROOT}/include", f"-I{ROOT}/tests/docs"]


def is_program(block):
    return re.search(r"^int main\(", block.text, re.MULTILINE) is not None


def wrap(number, block):
    """A block as a function; its lines keep the numbers that they have on the page."""
    return (f"asio::awaitable<void> block_{number}(ternmq::connection& connection,\n"
            f"    ternmq::blocking::connection& broker) {{\n  (void)connection, (void)broker;\n"
            f'#line {block.line + 1} "{block.page}"\n{block.text}  co_return;\n}}\n')


def compile_all(blocks, scratch):
    """Compiles what is no program; returns {block: what the compiler says} of those that fail."""
    if not blocks:
        return {}
    source = pathlib.Path(scratch, "blocks.cpp")
    source.write_text('#include "prelude.hpp"\n' +
                      "".join(wrap(number, block) for number, block in enumerate(blocks)))
    done = subprocess.run(["g++", *FLAGS, "-fsyntax-only", str(source)], capture_output=True,
                          text=True, timeout=600, check=False)
    if done.returncode == 0:
        return {}
    failed = {}
    for block in blocks:
        lines = range(block.line, block.line + len(block.lines) + 3)
        said = [line for line in done.stderr.splitlines() for found in
                [re.match(r"(.+?):(\d+):\d+: (?:fatal )?error", line)]
                if found and found[1] == block.page and int(found[2]) in lines]
        if said:
            failed[block] = "\n".join(said)
    # An error outside of every block still is one.
    return failed or {blocks[0]: done.stderr[-2000:]}


def run_program(page, block, library):
    """Compiles, links and runs a whole program."""
    source, program = (page.scratch / f"block-{block.line}{suffix}" for suffix in (".cpp", ""))
    source.write_text(f'#line {block.line + 1} "{block.page}"\n{block.text}')
    done = subprocess.run(["g++", *FLAGS, "-o", str(program), str(source), str(library), "-lssl",
                           "-lcrypto", "-pthread"], capture_output=True, text=True, timeout=600,
                          check=False)
    if done.returncode:
        raise Broken(done.stderr[-2000:])
    page.execute([str(program)])
