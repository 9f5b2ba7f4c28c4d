"""Writes the reference of hooks and specs in `plugins.md` from the code, so that it cannot go stale.

What stands between `<!-- hooks -->` and `<!-- /hooks -->` is replaced. `--check` changes nothing and fails if the page
is out of date.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path

from hub.plugin import hooks
from hub.plugin.checks import HOOKS
from hub.types import Option

PAGE = Path(__file__).with_name("plugins.md")
MARK = re.compile(r"(<!-- hooks -->\n).*?(<!-- /hooks -->)", re.DOTALL)


def reference() -> str:
    """The whole section, as Markdown."""
    parts = [line for name in HOOKS for line in hook(name)]
    parts += [line for _, spec in HOOKS.values() for line in record(spec)]
    return "\n".join([*parts, *record(Option)]) + "\n"


def hook(name: str) -> Iterator[str]:
    """A hook with its exact signature and what it is for."""
    function = getattr(hooks, name)
    yield f"### {name}"
    yield f"```python\ndef {name}{signature(function)}\n```"
    yield f"{inspect.getdoc(function)}\n"


def signature(function: object) -> str:
    """Parameters and result, as they are written in the code."""
    assert callable(function)
    return str(inspect.signature(function)).replace("'", "")


def record(spec: type) -> Iterator[str]:
    """A frozen dataclass: its fields with types and defaults, then what its docstring says of them."""
    yield f"### {spec.__name__}"
    yield "```python"
    yield f"{spec.__name__}("
    yield from (f"    {field.name}: {field.type}{default(field)}," for field in fields(spec))
    yield ")\n```"
    summary, _, parameters = (inspect.getdoc(spec) or "").partition("\nParameters\n----------\n")
    yield summary.strip() + "\n"
    yield from items(parameters)


def default(field: Field[object]) -> str:
    """The default as text; empty for a field that must be given."""
    if field.default_factory is not MISSING:
        return f" = {field.default_factory()!r}"
    return "" if field.default is MISSING else f" = {field.default!r}"


def items(parameters: str) -> Iterator[str]:
    """Parameters of a NumPy docstring as a list."""
    found = re.findall(r"^(\S[^\n]*)\n((?:[ ]{4}[^\n]*\n?)+)", parameters, re.MULTILINE)
    for names, text in found:
        written = ", ".join(f"`{name.strip()}`" for name in names.split(","))
        yield f"- {written}: {' '.join(text.split())}"
    if found:
        yield ""


def main() -> int:
    """Write the page, or check it."""
    text = PAGE.read_text(encoding="utf-8")
    fresh = MARK.sub(lambda match: match[1] + reference() + match[2], text)
    if fresh != text and "--check" in sys.argv:
        sys.exit(f"{PAGE.name} is out of date. Run: python docs/generate_hooks.py")
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
