"""Writes the reference of hooks, specs and protocols in `plugins.md` from the code, so that it cannot go stale.

What stands between `<!-- hooks -->` and `<!-- /hooks -->`, and between the same marks of `protocols`, is replaced.
`--check` changes nothing and fails if the page is out of date.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path

from hub.plugin import hooks
from hub.plugin.checks import HOOKS
from hub.plugin.specs import LoadStep
from hub.runtime import protocols
from hub.sources import Listing, Sink, Source, SourceContext
from hub.types import Audio, Estimate, Facts, Message, Option, Part, ToolCall, WeightFile

PAGE = Path(__file__).with_name("plugins.md")
MARK = re.compile(r"(<!-- (hooks|protocols) -->\n).*?(<!-- /\2 -->)", re.DOTALL)
HEADING = "\nParameters\n----------\n"
CLASSES = (
    protocols.Session,
    protocols.Model,
    protocols.Stream,
    protocols.Fidelity,
    protocols.TextStream,
    Audio,
    Source,
    Sink,
)
RECORDS = (
    protocols.OpenRequest,
    protocols.Probe,
    protocols.Tensor,
    protocols.Sampling,
    protocols.Generate,
    protocols.Generated,
    protocols.Chat,
    protocols.Reply,
    protocols.Delta,
    protocols.Score,
    protocols.Scored,
    protocols.TransformRequest,
    protocols.Weights,
    Facts,
    WeightFile,
    Estimate,
    SourceContext,
    Listing,
)
SHAPES = (Message, Part, ToolCall, protocols.TokenLogprob)


def reference(section: str) -> str:
    """A section, as Markdown."""
    if section == "hooks":
        parts = [line for name in HOOKS for line in hook(name)]
        parts += [line for spec in (*(spec for _, spec in HOOKS.values()), LoadStep, Option) for line in record(spec)]
    else:
        parts = [line for each in CLASSES for line in methods(each)]
        parts += [line for each in RECORDS for line in record(each)]
        parts += [line for each in SHAPES for line in shape(each)]
    return "\n".join(parts) + "\n"


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


def methods(kind: type) -> Iterator[str]:
    """A class: its attributes with their defaults, its methods with their signatures, and what it is for."""
    yield f"### {kind.__name__}"
    yield "```python"
    yield f"class {kind.__name__}:"
    for name, written in vars(kind).get("__annotations__", {}).items():
        yield f"    {name}: {written}" + (f" = {getattr(kind, name)!r}" if hasattr(kind, name) else "")
    for name, value in vars(kind).items():
        function = value.fget if isinstance(value, property) else value
        if inspect.isfunction(function) and (function.__annotations__ if name == "__init__" else name[0] != "_"):
            said = (function.__doc__ or "").strip().partition("\n\n")[0]
            yield from (f"    # {line.strip()}" for line in said.splitlines())
            yield from (["    @property"] if isinstance(value, property) else [])
            yield f"    def {name}{signature(function)}"
    yield "```"
    summary, _, fields_ = re.sub(r"\nAttributes\n", "\nParameters\n", inspect.getdoc(kind) or "").partition(HEADING)
    yield summary.strip() + "\n"
    yield from items(fields_)


def record(spec: type) -> Iterator[str]:
    """A frozen dataclass: its fields with types and defaults, then what its docstring says of them."""
    yield f"### {spec.__name__}"
    yield "```python"
    yield f"{spec.__name__}("
    yield from (f"    {field.name}: {field.type}{default(field)}," for field in fields(spec))
    yield ")\n```"
    summary, _, parameters = (inspect.getdoc(spec) or "").partition(HEADING)
    yield summary.strip() + "\n"
    yield from items(parameters)


def shape(kind: type) -> Iterator[str]:
    """A mapping with named keys: their types, and what it is."""
    yield f"### {kind.__name__}"
    yield "```python"
    yield f"class {kind.__name__}(TypedDict):"
    yield from (f"    {name}: {written.__forward_arg__}" for name, written in kind.__annotations__.items())
    yield "```"
    yield f"{inspect.getdoc(kind)}\n"


def default(field: Field[object]) -> str:
    """The default as text; empty for a field that must be given."""
    if field.default_factory is not MISSING:
        made = field.default_factory()
        return f" = {type(made).__name__}()" if is_dataclass(made) else f" = {made!r}"
    if callable(field.default):
        return " = …"  # the address of a function says nothing
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
    fresh = MARK.sub(lambda match: match[1] + reference(match[2]) + match[3], text)
    if fresh != text and "--check" in sys.argv:
        sys.exit(f"{PAGE.name} is out of date. Run: make docs")
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
