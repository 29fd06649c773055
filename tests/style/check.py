#!/usr/bin/env python3
"""The style test: rules of the code that a script can check.

    tests/style/check.py [--quick] [--update-ratchet]

It proves its own rules first (selftest.py). --quick leaves out the compiler. --update-ratchet
lowers entries of ratchet.txt to what the code has now; it never raises or adds one. Prints
FILE:LINE: RULE: TEXT per finding, and closes with "N passed, N failed", counted in rules.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import compiler_rules  # noqa: E402
import rules  # noqa: E402
import selftest  # noqa: E402
import source  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATCHET = pathlib.Path(__file__).resolve().parent / "ratchet.txt"


def read_ratchet(text):
    """{(rule, key): size} of lines `rule key size`; # begins a comment."""
    entries = {}
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words:
            entries[words[0], words[1]] = int(words[2])
    return entries


def find_text(rule, files):
    for file in files:
        for line, text in rule(file):
            yield file.path, line, text


def find_ratchet(rule, files, entries):
    """Findings of a rule whose offenders are listed by name and may only shrink."""
    name = rule.__name__
    seen = set()
    for file in files:
        for line, key, size, limit in rule(file):
            seen.add(key)
            allowed = entries.get((name, key))
            if limit is not None and size > limit:
                yield file.path, line, f"{size} lines, {limit} is the limit"
            elif allowed is None:
                yield file.path, line, f"{key} has {size} lines: split it"
            elif size > allowed:
                yield file.path, line, f"{key} grew from {allowed} to {size} lines"
            elif size < allowed:
                yield (file.path, line,
                       f"{key} has shrunk to {size}: tests/style/check.py --update-ratchet")
    for entry_rule, key in entries:
        if entry_rule == name and key not in seen:
            yield RATCHET.name, 1, f"{key} is short enough now: --update-ratchet"


def update_ratchet(files):
    """Rewrites ratchet.txt with lower numbers and without what is no longer needed."""
    sizes = {(rule.__name__, key): size for rule in rules.RATCHETS for file in files
             for _, key, size, _ in rule(file)}
    kept = []
    for line in RATCHET.read_text().splitlines():
        words = line.split("#")[0].split()
        if not words:
            kept.append(line)
        elif (words[0], words[1]) in sizes:
            kept.append(f"{words[0]} {words[1]} "
                        f"{min(int(words[2]), sizes[words[0], words[1]])}")
    RATCHET.write_text("\n".join(kept) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without compiler and clang-format")
    parser.add_argument("--update-ratchet", action="store_true", help="lower ratchet.txt")
    arguments = parser.parse_args()
    files = source.read_tree(ROOT)
    if arguments.update_ratchet:
        update_ratchet(files)
        return 0

    entries = read_ratchet(RATCHET.read_text())
    checks = [("selftest", selftest.find(arguments.quick))]
    checks += [(rule.__name__, find_text(rule, files)) for rule in rules.RULES]
    checks += [(rule.__name__, find_ratchet(rule, files, entries)) for rule in rules.RATCHETS]
    if not arguments.quick:
        cache = ROOT / "build/style"
        checks += [("layout", compiler_rules.layout(ROOT, files, cache)),
                   ("headers_alone", compiler_rules.headers_alone(ROOT, files, cache))]
    failed = 0
    for name, findings in checks:
        count = 0
        for path, line, text in findings:
            print(f"{path}:{line}: {name}: {text}", flush=True)
            count += 1
        failed += count > 0
        print(f"{'FAIL' if count else 'ok  '} {name}", flush=True)
    print(f"{len(files)} files looked at")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
