"""Just enough of C++ to find code, comments and functions; no compiler.

blank() replaces comments and literals by spaces, so that what is left is code at its old place.
functions() finds function bodies by their braces.
"""

import re

_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/"                             # comments
    r"|R\"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)\""  # raw strings
    r"|\"(?:\\.|[^\"\\\n])*\""                        # strings
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",         # characters, not digit separators
    re.DOTALL)


def _spaces(text):
    return re.sub(r"[^\n]", " ", text)


def blank(text):
    """The text with comments and literals (their quotes excepted) replaced by spaces."""
    def replace(match):
        found = match.group()
        if found[0] in "\"'":
            return found[0] + _spaces(found[1:-1]) + found[-1]
        return _spaces(found)
    return _TOKEN.sub(replace, text)


def without_comments(text):
    """The text with comments alone replaced by spaces."""
    return _TOKEN.sub(
        lambda match: _spaces(match.group()) if match.group()[0] == "/" else match.group(), text)


def comments(text):
    """(line, text) of every comment."""
    for match in _TOKEN.finditer(text):
        if match.group()[0] == "/":
            yield text.count("\n", 0, match.start()) + 1, match.group()


_CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
_INITIALIZERS = re.compile(r"\)\s*(noexcept(\s*\([^()]*\))?\s*)?:(?!:)")
_NAME = re.compile(r"([\w~:]+|operator\s*[^\s\w(]+|operator\(\))\s*\(")


def _closing(code, at):
    """The place of the brace that closes the one at `at`."""
    depth = 0
    for place in range(at, len(code)):
        if code[place] == "{":
            depth += 1
        elif code[place] == "}":
            depth -= 1
            if depth == 0:
                return place
    return len(code) - 1


def _kind(head):
    """What the brace after `head` opens: container, function, or a value in the middle of one."""
    if head.count("(") != head.count(")"):
        return "value"  # A default argument.
    plain = re.sub(r"\([^()]*\)", "()", head)
    plain = re.sub(r"<[^<>;]*>", "", plain)
    if _INITIALIZERS.search(head):
        return "function" if re.search(r"[)}]\s*$", head) else "value"
    if ")" not in head:
        return "container" if _CONTAINER.search(plain) else "value"
    if re.search(r"(?<![=!<>])=(?![=])", plain) and "operator" not in plain:
        return "value"
    if re.match(r"\s*(template\s*)?(class|struct|union|enum|namespace)\b", plain):
        return "container"
    return "function"


def functions(text):
    """(name, first line, last line) of every function with a body; lambdas belong to theirs."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: _spaces(m.group()), blank(text),
                  flags=re.MULTILINE)
    head_begin = at = 0
    while at < len(code):
        char = code[at]
        if char == ";" or char == "}":
            head_begin = at + 1
        elif char == "{":
            head = code[head_begin:at]
            kind = _kind(head)
            if kind == "container":
                head_begin = at + 1
            else:
                end = _closing(code, at)
                if kind == "function":
                    begin = head_begin + len(head) - len(head.lstrip())
                    names = _NAME.findall(re.sub(r"\b(requires|noexcept|decltype|alignas)\s*\(",
                                                 " ", head))
                    yield (names[0] if names else "?", code.count("\n", 0, begin) + 1,
                           code.count("\n", 0, end) + 1)
                    head_begin = end + 1
                at = end
        at += 1
