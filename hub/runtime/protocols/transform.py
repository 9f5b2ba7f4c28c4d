"""What a transform is called with, and the weights that it works on.

Knows nothing of recipes or of where artifacts are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.runtime.protocols.session import Architecture
from hub.types import Facts, OptionValue

if TYPE_CHECKING:
    from hub.runtime.protocols.requests import Feeds

__all__ = ["Record", "TransformRequest", "Weights"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """Weights on disk: a folder, and facts that say what of it is weights."""

    path: Path
    facts: Facts


Record = Callable[[Sequence[Any]], "list[Feeds]"]  # Any: of the kinds that the task takes
"""Gives the feeds of the part, one for each call of `run`, while the model plugin answers these inputs."""


def _records_nothing(_: Sequence[Any]) -> list[Feeds]:
    return []


def _says_nothing(_: str) -> None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class TransformRequest:
    """What a transform's target is called with, once for each part.

    Parameters
    ----------
    path
        Folder of plain copies (never links) of the artifact; `facts.parts[part]` names the weights of the part in it.
    out
        Empty folder that takes the new weights. Assets (tokenizer, labels) are carried over by the core; a file of
        the same name that the transform writes replaces one.
    options
        Every option of the spec, resolved: given or default.
    inputs
        What to calibrate, train or choose examples on, of the kinds that the task takes: the content of the option
        `data` where the spec has one and it is set, else the task's own data, else its samples. Never empty.
    record
        Feeds of this part for inputs: examples for an export, calibration data, training batches. Where nothing
        installed runs the artifact, it raises `InferenceError`.
    origin
        What the recipe began with, before any lossy step: the teacher of a distillation. Do not write there.
    work
        Folder that outlives a kill, empty at the first try, for checkpoints. Gone when the step is done.
    architecture
        As of an `OpenRequest`.
    tell
        Says a line of progress to the person.
    """

    path: Path
    out: Path
    facts: Facts
    part: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    inputs: Sequence[Any] = ()  # Any: of the kinds that the task takes
    record: Record = _records_nothing
    origin: Weights | None = None
    work: Path | None = None
    architecture: Architecture | None = None
    tell: Callable[[str], None] = _says_nothing

    @property
    def files(self) -> tuple[Path, ...]:
        """The weight files of the part, as absolute paths."""
        return tuple(self.path / name for name in self.facts.parts[self.part])
