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


GOT = r"c < basic\.(get-ok|deliver) .*"

DIFFERENCES = [
    Difference(
        ("*",), None, r"\S+     header x-last-death-(exchange|queue|reason) = S .*",
        "**Dead letters carry `x-last-death-queue`, `-reason` and `-exchange`** too",
        "headers of RabbitMQ 3.13"),
    Difference(
        ("ttl.expired_behind_the_head",),
        r"ready: 2, dead letters: 0", r"ready: 1, dead letters: 1",
        "**A message expires wherever it stands** in its queue",
        "expiry behind the head"),
    Difference(
        ("ttl.invalid_expirations",),
        r"c < channel\.close .*\{value_too_large,\\n +9+\}.*",
        r"c < channel\.close .*\{value_too_large,9+\}.*",
        "**Error texts are one line**", "a long term in an error text"),
    Difference(
        ("policies.ttl_on_a_queue_with_messages",), r"ready: 1", r"ready: 0",
        "**A policy takes effect at once on what a queue holds**", "a new TTL for old messages"),
    Difference(
        ("policies.policies_of_different_keys",), r"ready: 2", r"ready: 0",
        "**Policies combine**", "the policy of lower priority sets the TTL"),
    Difference(
        ("priorities.drop_head_with_priorities",),
        r"c     (priority=[135]|body '(a1|b5|c3|d1|e5)')",
        r"c     (priority=[135]|body '(a1|b5|c3|d1|e5)')",
        "**A full queue with priorities drops the oldest message of its lowest priority**",
        "which priority is dropped"),
    Difference(
        ("limits.limit_with_a_consumer_that_takes_all",
         "consumers.get_beside_a_consumer_with_limits"),
        rf"{GOT}|c     body '[a-f]'|ready: 1", rf"{GOT}|c     body '[a-f]'|ready: 2",
        "**What comes back to a full queue may go to a waiting consumer** before the limit counts",
        "redelivery before the limit"),
    Difference(
        ("delivery_limit.letters_into_a_quorum_queue_start_anew",),
        r"c     header x-delivery-count = l 0", r"c     header x-delivery-count = l 0",
        "**`x-delivery-count` is the last header** of a message", "where a header is added"),
    Difference(
        ("delivery_limit.global_prefetch_on_a_quorum_queue",),
        r"c < connection\.close reply_code=540 .*", r"c < basic\.consume-ok .*",
        "It takes channel-wide prefetch limits and conditional deletes", "global prefetch"),
    Difference(
        ("delivery_limit.conditional_delete_of_a_quorum_queue",),
        r"c < connection\.close reply_code=540 .*", r"c < queue\.delete-ok .*",
        "It takes channel-wide prefetch limits and conditional deletes", "if-unused, if-empty"),
    Difference(
        ("delivery_limit.consumers_of_a_quorum_queue",),
        r"c < basic\.consume-ok consumer_tag='p'",
        r"c < channel\.close reply_code=403 .* in exclusive use\" .*",
        "and an exclusive consumer is alone", "a consumer beside an exclusive one"),
    Difference(
        ("queue_arguments.delivery_limit",),
        r"c < channel\.close .* of queue type rabbit_classic_queue\" .*",
        r"c < queue\.declare-ok .*|c < channel\.close .*\"expected integer, got longstr\"' .*",
        "**`x-delivery-limit` holds on classic queues too**", "a limit on a classic queue"),
    Difference(
        ("plugin_exchanges.consistent_hash_arguments_of_wrong_types",),
        r"c < connection\.close reply_code=541 .*",
        r"c < channel\.close reply_code=406 .*'hash-(header|property)' must be a string\" .*",
        "a `hash-header` or `hash-property` that is no text is refused with 406",
        "an error in place of a crash"),
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
