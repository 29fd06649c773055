"""Finds the fenced code blocks of Markdown pages, and the marks in front of them.

A mark is an HTML comment on the lines before the fence, which readers do not see:

    <!-- file: NAME -->              other blocks of the page find this one as the file NAME
    <!-- printed by: COMMAND -->     the block is what COMMAND prints, to the last line
    <!-- run by: SUITE -->           another suite of tests/client runs it (ELSEWHERE)
"""

import re

_FENCE = re.compile(r"^(`{3,})\s*([\w+-]*)\s*$")
_FILE = re.compile(r"^<!-- file: (\S+) -->$")
_RUN_BY = re.compile(r"^<!-- run by: (\S+) -->$")
_PRINTED_BY = re.compile(r"^<!-- printed by: (.+) -->$")

# The suites that run blocks of a page themselves, all those with their mark.
ELSEWHERE = {"sdk-install": "docs/getting-started.md", "move": "docs/coming-from-rabbitmq.md"}


class Block:
    """One block: `page` and `line` (of the fence), `language`, `text`, and its mark."""

    def __init__(self, page, line, language):
        self.page, self.line, self.language = page, line, language
        self.lines = []
        self.file = None
        self.printed_by = None
        self.run_by = None

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)

    @property
    def place(self):
        return f"{self.page}:{self.line}"

    def take_mark(self, mark):
        if found := _FILE.match(mark):
            self.file = found[1]
        elif found := _PRINTED_BY.match(mark):
            self.printed_by = found[1]
        elif found := _RUN_BY.match(mark):
            self.run_by = found[1]


def read(page, text):
    """The blocks of a page, in order. Raises ValueError for a fence that does not end."""
    blocks, fence, marks = [], None, []
    for number, line in enumerate(text.splitlines(), start=1):
        if fence is None and (found := _FENCE.match(line)):
            fence = found[1]
            blocks.append(Block(page, number, found[2]))
            for mark in marks:
                blocks[-1].take_mark(mark)
            marks = []
        elif fence is None:
            # Marks stand directly before the fence, one a line.
            marks = [*marks, line] if line.startswith("<!--") else []
        elif line == fence:
            fence = None
        else:
            blocks[-1].lines.append(line)
    if fence is not None:
        raise ValueError(f"{blocks[-1].place}: a block that does not end")
    return blocks
