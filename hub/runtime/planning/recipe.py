"""A recipe as text and as steps: `prune:layers=2 | onnx | int8`.

The grammar: steps separated by `|`; a step is a word, and after a colon its options, separated by commas. A word is a
transform's `step`, or a format's id, which means "convert to it". Knows nothing of what transforms do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.errors import UsageError
from hub.types import JSON, OptionValue

__all__ = ["Loaded", "Step", "Wanted", "parse_recipe", "recipe_text", "satisfied"]

_WORD = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A step that was asked for: its word, its options as text, and its place in the recipe, from 1."""

    name: str
    options: Mapping[str, str | list[str]] = field(default_factory=dict)
    place: int = 1

    def __str__(self) -> str:
        pairs = [
            f"{name}={one}"
            for name, value in sorted(self.options.items())
            for one in (value if isinstance(value, list) else [value])
        ]
        return f"{self.name}:{','.join(pairs)}" if pairs else self.name

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"step {self.place} of the recipe, '{self}'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A transform that a plan runs, every option resolved. `asked` is false for a conversion that the plan added.

    `origin` is true for one that learns from what the recipe began with.
    `content` says what the files hold that options name, or the data that the task brings: `sha256:…` by option.
    """

    transform: str
    name: str
    plugin: str
    version: str
    revision: int
    takes: str
    gives: str
    lossy: bool
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    asked: bool = True
    origin: bool = False
    content: Mapping[str, JSON] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A step that a backend does while it opens: its word, how it was written, and every option resolved."""

    step: str
    name: str
    lossy: bool
    options: Mapping[str, OptionValue] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def parse_recipe(text: str) -> tuple[Wanted, ...]:
    """Read a recipe. An empty text is the empty recipe.

    Raises
    ------
    UsageError
        The text is no recipe; the message names the step.
    """
    if not text.strip():
        return ()
    return tuple(_parse_step(part.strip(), place) for place, part in enumerate(text.split("|"), start=1))


def recipe_text(steps: Sequence[Wanted | Step | Loaded]) -> str:
    """The steps as one line."""
    return " | ".join(map(str, steps))


def satisfied(wanted: Sequence[Wanted], steps: Sequence[str], form: str, formats: Mapping[str, object]) -> int | None:
    """How many steps of a recipe a variant already carries, or `None` where it carries something else.

    Parameters
    ----------
    steps, form
        The variant's own steps, and its format.
    formats
        The ids that mean "convert to" in a recipe.
    """
    position, reached = 0, ""
    for own in (str(step) for text in steps for step in parse_recipe(text)):
        while position < len(wanted) and str(wanted[position]) != own and str(wanted[position]) in formats:
            reached = wanted[position].name
            position += 1
        if position == len(wanted) or str(wanted[position]) != own:
            return None
        position += 1
    return position if reached in {"", form} else None


def _parse_step(text: str, place: int) -> Wanted:
    name, colon, rest = text.partition(":")
    name = name.strip()
    hint = "A recipe reads like: prune:layers=2 | onnx | int8"
    if not _WORD.fullmatch(name):
        raise UsageError(f"step {place} of the recipe, '{text}', does not begin with a step's name", hint=hint)
    options: dict[str, str | list[str]] = {}
    for pair in rest.split(",") if colon else ():
        key, equals, value = (piece.strip() for piece in pair.partition("="))
        if not key or not equals:
            raise UsageError(f"step {place} of the recipe, '{text}', has an option without '=': '{pair}'", hint=hint)
        key = key.replace("-", "_")
        if key not in options:
            options[key] = value
        else:
            before = options[key]
            options[key] = [*before, value] if isinstance(before, list) else [before, value]
    return Wanted(name=name, options=options, place=place)
