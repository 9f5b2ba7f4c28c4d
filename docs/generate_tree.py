"""Writes the trees in the documentation from the modules' own first lines, so that they cannot go stale.

A page holds `<!-- tree:FOLDER -->` and `<!-- /tree -->`; what stands between is replaced. `--check` changes nothing
and fails if a page is out of date.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("docs/architecture.md", "README.md")
MARK = re.compile(r"(<!-- tree:(\S+) -->\n).*?(<!-- /tree -->)", re.DOTALL)
TOP = {
    "hub/": "the core",
    "plugins/": "first-party plugins, a pip package each",
    "registry.json": "the models and plugins that are listed",
    "tests/": "mirrors `hub/`; `contract/` runs for each installed plugin, `attacks/` tries to break in",
    "benchmarks/": "the commands behind every figure",
    "docs/": "how it works, and how to add to it",
}


def first_line(path: Path) -> str:
    """First sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    line = text.strip().split("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=[.:;])\s", line)[0].rstrip(".:;")


def module_tree(folder: str) -> str:
    """One line for each module below a folder, in the order of the file system's names."""
    lines = []
    base = ROOT / folder
    for path in sorted(base.rglob("*.py"), key=lambda p: (len(p.relative_to(base).parts) > 1, p.as_posix())):
        relative = path.relative_to(base).as_posix()
        if path.name == "__main__.py" or (path.name == "__init__.py" and len(path.read_text().splitlines()) < 2):
            continue
        lines.append(f"{relative:<28} {first_line(path)}")
    return "```text\n" + "\n".join([f"{folder}/", *("  " + line for line in lines)]) + "\n```\n"


def top_tree() -> str:
    """The top of the repository and the packages in it."""
    lines = [f"{name:<18} {text}" for name, text in TOP.items()]
    at = next(i for i, line in enumerate(lines) if line.startswith("plugins/")) + 1
    lines[at:at] = [f"  {path.name + '/':<16} {description(path)}" for path in sorted((ROOT / "plugins").iterdir())]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def description(folder: Path) -> str:
    """Summary of a plugin package."""
    import tomllib

    return str(tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["description"])


def main() -> int:
    """Write the pages, or check them."""
    stale = []
    for name in PAGES:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        fresh = MARK.sub(lambda m: m[1] + (top_tree() if m[2] == "." else module_tree(m[2])) + m[3], text)
        if fresh != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(fresh, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"out of date: {', '.join(stale)}. Run: make docs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
