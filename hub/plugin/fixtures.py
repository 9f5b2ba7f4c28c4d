"""Fixtures: something small that a part of a plugin is checked on, which the plugin's package brings.

A package names a function in the entry-point group `hub.fixtures`, under the plugin's name: `vec =
"hub_vec.fixtures:fixtures"`. It gives a list of the classes below. Nothing but a check calls it, so its module may
import what the plugin itself computes with. Standard library alone; knows nothing of what is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Fixture", "KindFixture", "SourceFixture", "TaskFixture", "WeightsFixture"]


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightsFixture:
    """Small weights, for a format, a backend, a model plugin or a transform.

    Parameters
    ----------
    of
        The part that is checked on it: `backends/vec`, `formats/vec`, `models/vec`, `transforms/vec-half`.
    write
        `(folder: Path) -> None`: writes weights and assets into an empty folder. The same bytes each time.
    format
        Id of the format of what it writes.
    task, family
        As a registry's entry says them.
    parts
        Part name to patterns of its files, such as `{"det": ("det/*",)}`; for weights of several parts.
    options
        Load options of a backend or a model; options of a transform.
    call_options
        Call options of a model plugin.
    open
        `(request: OpenRequest) -> Session`: opens the weights where the check shall not depend on an installed
        backend, for model plugins and transforms. For a converter it opens what goes in and what comes out.
    verb
        The verb that it is opened for; by default the first that backend and model plugin share.
    inputs
        What is asked: texts for `embed`, inputs of the task for a model plugin; by default the task's samples, and
        feeds made from what the session declares.
    expected
        A reference by another way than the plugin's own: `(feeds) -> outputs` for `run`, `(texts) -> vectors` for
        `embed`, `(prompts) -> lists of token ids` for `generate`, `(inputs) -> answers` for a model plugin.
    tolerance
        How far answers may be from `expected`, relative to its largest value; of a compression, how far the outputs of
        what it made may be from those before.
    """

    of: str
    write: Callable[[Path], None]
    format: str
    task: str = "feature-extraction"
    family: str = ""
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    call_options: Mapping[str, object] = field(default_factory=dict)
    open: Callable[[Any], Any] | None = None  # Any: the protocols lie above this layer
    verb: str = ""
    inputs: Sequence[Any] = ()  # Any: of the kinds that the task takes
    expected: Callable[[Any], Any] | None = None  # Any: as the verb or the task has it
    tolerance: float = 1e-4


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFixture:
    """A place on this machine that a source fetches from.

    Parameters
    ----------
    of
        `sources/mirror`.
    serve
        `(folder: Path) -> context manager`: serves the files of a folder while it is entered, and gives a function
        from a file's name to the locator that the source takes. What it needs of the environment it sets, and takes
        back.
    repository
        Whether it has repositories: the locator of the empty name is then one that `listing` takes.
    networked
        Whether it needs the network: told to stay offline, it then raises `Offline`.
    """

    of: str
    serve: Callable[[Path], AbstractContextManager[Callable[[str], str]]]
    repository: bool = False
    networked: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class KindFixture:
    """A value of a kind, as a person has it.

    Parameters
    ----------
    of
        `kinds/image`.
    given
        Gives something small that the kind reads: an object, or the path of a file.
    """

    of: str
    given: Callable[[], Any]  # Any: whatever the kind reads


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFixture:
    """Answers to the samples of a task.

    Parameters
    ----------
    of
        `tasks/text-to-number`.
    answers
        `(samples) -> list`: a good answer for each, of the task's first output kind.
    worse
        `(samples) -> list`: answers that a badly compressed model could give.
    """

    of: str
    answers: Callable[[Sequence[Any]], list[Any]]  # Any: of the kinds of the task
    worse: Callable[[Sequence[Any]], list[Any]]  # Any: as above


Fixture = WeightsFixture | SourceFixture | KindFixture | TaskFixture
