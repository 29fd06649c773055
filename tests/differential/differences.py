"""The one table of what TernMQ does differently on purpose, where a script shows it.

An entry explains changed lines of the transcripts of the scripts it names: `reference` matches
lines that only RabbitMQ gives, `ternmq` lines that only TernMQ gives (regular expressions for a
whole line; None: there are none). `sentence` stands in docs/compatibility.md, word for word. An
entry that is not needed by every script it names fails the run, and so does one without sentence.
In place of a script, `*` stands for all of them: then one that needs the entry is enough.
"""

import pathlib
import re
from typing import NamedTuple, Optional

COMPATIBILITY = pathlib.Path(__file__).resolve().parents[2] / "docs/compatibility.md"


class Difference(NamedTuple):
    scripts: tuple
    reference: Optional[str]
    ternmq: Optional[str]
    sentence: str
    reason: str


DIFFERENCES = [
    Difference(
        ("*",), None, r"\S+     header x-last-death-(exchange|queue|reason) = S .*",
        "**Dead letters carry `x-last-death-queue`, `-reason` and `-exchange`** too",
        "headers of RabbitMQ 3.13"),
]


def fresh_counts():
    """For one run: how many lines each (entry, script) has explained."""
    return {(entry, script): 0 for entry in DIFFERENCES for script in entry.scripts}


def explain(script, line, counts):
    """Whether a line of a diff (with its sign) is listed."""
    for entry, name in counts:
        pattern = entry.reference if line[0] == "-" else entry.ternmq
        if name in (script, "*") and pattern is not None and re.fullmatch(pattern, line[1:]):
            counts[entry, name] += 1
            return True
    return False


def words(text):
    return " ".join(text.split())


def problems(counts, scripts_run, is_whole):
    """What is wrong with the table: no sentence, no such script, no longer true."""
    page = words(COMPATIBILITY.read_text())
    for entry in dict.fromkeys(entry for entry, _ in counts):
        if words(entry.sentence) not in page:
            yield f"{COMPATIBILITY.name} does not say: {entry.sentence}"
    for (entry, script), count in counts.items():
        is_looked_at = is_whole if script == "*" else script in scripts_run
        if is_looked_at and count == 0:
            yield f"{script} no longer shows: {entry.reason}"
        if is_whole and script != "*" and script not in scripts_run:
            yield f"there is no script {script}"
