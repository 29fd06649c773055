"""The files that the style test looks at: everything in the tree that people write."""

import os
import pathlib

LEFT_OUT = {"build", "data", "ternmq-data", "node_modules", ".git", "__pycache__", "corpus"}
GENERATED = {"docs/configuration.md", "tests/client/package-lock.json", "package-lock.json"}
CODE = {"cpp", "python", "script", "shell", "cmake"}
_KINDS = {".hpp": "cpp", ".cpp": "cpp", ".h": "cpp", ".c": "cpp", ".py": "python",
          ".js": "script", ".mjs": "script", ".go": "script", ".sh": "shell", ".cmake": "cmake",
          ".md": "text", ".txt": "text", ".json": "text", ".toml": "text", ".yml": "text"}


class Source:
    """One file: `path` relative to the root, `kind`, `text`, `lines`."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.kind = self._find_kind()

    def _find_kind(self):
        name = pathlib.PurePosixPath(self.path)
        if name.name == "CMakeLists.txt":
            return "cmake"
        if name.suffix in _KINDS:
            return _KINDS[name.suffix]
        first = self.lines[0]
        if first.startswith("#!"):
            return "python" if "python" in first else "script" if "node" in first else "shell"
        return "text"

    @property
    def is_header(self):
        return self.path.endswith(".hpp")

    @property
    def layer(self):
        """The folder under src/, "" for src/main.cpp, None elsewhere."""
        parts = self.path.split("/")
        if parts[0] != "src":
            return None
        return parts[1] if len(parts) > 2 else ""


def read_tree(root):
    """All files under `root` as Sources, generated and binary ones left out."""
    root = pathlib.Path(root)
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted(set(names) - LEFT_OUT):
            path = pathlib.Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if relative in GENERATED or path.is_symlink():
                continue
            try:
                found.append(Source(relative, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue
    return found
