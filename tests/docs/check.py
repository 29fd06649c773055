#!/usr/bin/env python3
"""Runs every code block of README.md and docs/: check.py LIBRARY [PAGE…]

LIBRARY is the client's static library. Each page has a broker and a directory of its own, so what
one block declares, the next one on the page finds.

    cpp            compiled; a whole program is also run (prelude.hpp has what others stand in)
    js             run, with `amqp`, `connection` and the confirm channel `channel` at hand, or as
                   a whole program if it requires amqplib itself
    sh, console    commands are run, as bin/ has them or as they are, and what they print is
                   compared if the page shows it (`…` is anything)
    json, toml     parsed; definitions and configuration are given to `ternmq check`, configuration
                   of the relay to `ternmq outbox`
    sql            run by psql; a page that has some finds a PostgreSQL with a database `shop`, and
                   a relay that it starts must have sent every row of the outbox at its end

A block may be marked as the output of a command, whatever its language, or as run by another suite
(blocks.py). One that is none of these, or cannot be run, is a failure.
Before all that, every block of broken.md must be refused.
"""

import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import blocks as markdown  # noqa: E402
import cpp  # noqa: E402
import runners  # noqa: E402


BROKEN = "tests/docs/broken.md"


def read_pages(names):
    root = runners.ROOT
    paths = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    wanted = [path for path in paths if not names or path.relative_to(root).as_posix() in names]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
            for path in wanted}


class Report:
    """Counts and prints; of blocks that must fail, those that do not."""

    def __init__(self, must_fail=False):
        self.passed = self.failed = 0
        self._must_fail = must_fail

    def note(self, block, fault):
        if self._must_fail:
            fault = "it should have been refused" if fault is None else None
        self.passed += fault is None
        self.failed += fault is not None
        if fault is not None:
            text = str(fault).replace("\n", "\n    ")
            print(f"FAIL {block.place} {block.language}\n    {text}", flush=True)
        elif not self._must_fail:
            print(f"ok   {block.place} {block.language}", flush=True)


def run_block(page, block, library, compile_faults):
    if block.run_by:
        if markdown.ELSEWHERE.get(block.run_by) != block.page:
            raise runners.Broken(f"the suite {block.run_by} does not run blocks of this page")
    elif block.printed_by:
        runners.compare_output(page, block)
    elif block.language == "cpp" and cpp.is_program(block):
        cpp.run_program(page, block, library)
    elif block.language == "cpp":
        if block in compile_faults:
            raise runners.Broken(compile_faults[block])
    elif block.language in runners.RUNNERS:
        runners.RUNNERS[block.language](page, block)
    else:
        raise runners.Broken(f"nobody can run {block.language or 'a block without a language'}")


def run_page(blocks, library, compile_faults, report):
    with tempfile.TemporaryDirectory(prefix="ternmq-docs-") as scratch:
        page = runners.Page(scratch, has_database=any(block.language == "sql" for block in blocks))
        for block in blocks:
            if block.file:
                page.write(block)
        for block in blocks:
            try:
                run_block(page, block, library, compile_faults)
                report.note(block, None)
            except runners.Broken as fault:
                report.note(block, fault)
        try:
            page.stop()
        except runners.Broken as fault:
            report.note(blocks[-1], fault)


def check_pages(pages, library, report):
    snippets = [block for blocks in pages.values() for block in blocks if block.language == "cpp"
                and not cpp.is_program(block)]
    with tempfile.TemporaryDirectory(prefix="ternmq-docs-") as scratch:
        compile_faults = cpp.compile_all(snippets, scratch)
    for blocks in pages.values():
        if blocks:
            run_page(blocks, library, compile_faults, report)


def check_itself(library):
    """Runs the page on which everything is broken; returns the number of blocks that passed."""
    report = Report(must_fail=True)
    text = (runners.ROOT / BROKEN).read_text(encoding="utf-8")
    check_pages({BROKEN: markdown.read(BROKEN, text)}, library, report)
    print(f"refused {report.passed} broken blocks")
    return report.failed


def main():
    library, *names = sys.argv[1:]
    wrongly_passed = check_itself(library)
    pages = {name: markdown.read(name, text) for name, text in read_pages(names).items()}
    report = Report()
    check_pages(pages, library, report)
    failed = report.failed + wrongly_passed
    print(f"{report.passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
