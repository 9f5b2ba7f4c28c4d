"""The contract between the core, backends and model plugins: requests, answers, sessions, models.

A backend gives a `Session` for one part and one verb; a model plugin turns a task's input into that verb and back.
Tokens are pushed through `emit`, because runtimes call back; the core alone makes iterators of them. The core puts a
guard around every session (`hub.runtime.guard`), so a backend may trust what reaches it: feeds are complete and of
the declared dtype, every field that is set is one that it honours, and it is not used after `close()`.
Knows nothing of plans, plugins or processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import UsageError
from hub.types import JSON, Facts, Message, OptionValue

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
    Feeds = Mapping[str, Array]
    Outputs = dict[str, Array]

__all__ = [
    "VERBS",
    "Chat",
    "Delta",
    "Emit",
    "Generate",
    "Generated",
    "Model",
    "OpenRequest",
    "Probe",
    "Reply",
    "Sampling",
    "Session",
    "Stream",
    "Tensor",
    "TransformRequest",
]

VERBS = ("run", "generate", "chat", "embed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tensor:
    """An input or output of `run`. A `str` in `shape` is a symbolic dimension; `dtype` is numpy's name for it."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How the next token is chosen. Explicit: no field has a default that a runtime may replace.

    `temperature=0` is greedy. `top_k=0` and `top_p=1` switch those filters off. `max_tokens=None` goes on until the
    model ends or the context is full. `seed=None` draws one. A seed holds for one backend and its version.
    """

    max_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Generate:
    """Token ids in. `prompts` are ragged: whoever needs a rectangle pads. `feeds` are encoder inputs."""

    prompts: tuple[tuple[int, ...], ...]
    feeds: Mapping[str, Any] = field(default_factory=dict)  # Any: numpy arrays, not importable here
    sampling: Sampling = field(default_factory=Sampling)
    eos: tuple[int, ...] = ()
    suppress: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Generated:
    """Token ids out, for one prompt. `finish` is `stop`, `length` or `cancelled`."""

    ids: tuple[int, ...]
    finish: str
    prompt_tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """A conversation, or a plain `prompt` to complete without a template; one of the two.

    `schema` is a JSON Schema that the answer must satisfy.
    """

    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    schema: Mapping[str, JSON] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer to a `Chat`. `finish` is `stop`, `length` or `cancelled`; `tokens` are those that were generated."""

    text: str
    finish: str
    tokens: int
    prompt_tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """What came since the last one, for the input at `index`: text, token ids, or any other value."""

    index: int = 0
    text: str = ""
    ids: tuple[int, ...] = ()
    value: Any = None  # Any: a task's own partial result


Emit = Callable[[Delta], bool]
"""Takes each delta as it comes. Returns `True` to stop. May raise: the guard carries the exception past the runtime."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What a backend found on this machine: devices that it can use, versions of its libraries, a line of detail.

    `memory` holds the free bytes of a device that has its own; the machine's memory is the core's to measure.
    """

    devices: tuple[str, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    memory: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRequest:
    """What a backend's target is called with.

    Parameters
    ----------
    path
        Folder of the artifact; `facts.parts[part]` names the files of the part in it.
    options
        Every option of the spec, resolved: given or default.
    """

    path: Path
    verb: str
    device: str
    facts: Facts
    part: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The weight files of the part, as absolute paths."""
        return tuple(self.path / name for name in self.facts.parts[self.part])


@dataclass(frozen=True, kw_only=True, slots=True)
class TransformRequest:
    """What a transform's target is called with, once for each part.

    Parameters
    ----------
    path
        Folder of plain copies (never links) of the artifact; `facts.parts[part]` names the weights of the part in it.
    out
        Empty folder that takes the new weights. Assets (tokenizer, labels) are carried over by the core.
    options
        Every option of the spec, resolved: given or default.
    """

    path: Path
    out: Path
    facts: Facts
    part: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The weight files of the part, as absolute paths."""
        return tuple(self.path / name for name in self.facts.parts[self.part])


class Session:
    """Loaded weights of one part that answer one verb. Keeps no state between calls.

    Attributes
    ----------
    inputs, outputs
        Tensors of `run`; empty for the other verbs.
    metadata
        What the file says of itself: `context_length`, `pooling`, ….
    honours
        Names of the request fields that it obeys: `max_tokens`, `temperature`, `top_p`, `top_k`, `seed`, `stop`,
        `schema`, `eos`, `suppress`. A request that sets another one is refused before it gets here.
    concurrency
        How many calls may be under way at once; the guard queues the others.
    """

    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    metadata: Mapping[str, JSON] = {}
    honours: frozenset[str] = frozenset()
    concurrency: int = 1

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Tensors in, tensors out; only those named in `wanted` if given."""
        raise UsageError(f"{type(self).__name__} does not answer 'run'")

    def generate(self, request: Generate, emit: Emit) -> list[Generated]:
        """Continue token ids; one result for each prompt, in order."""
        raise UsageError(f"{type(self).__name__} does not answer 'generate'")

    def chat(self, request: Chat, emit: Emit) -> Reply:
        """Answer a conversation or complete a prompt, with the runtime's own tokenizer and template.

        Raises
        ------
        ContextOverflow
            The prompt does not fit the context.
        """
        raise UsageError(f"{type(self).__name__} does not answer 'chat'")

    def embed(self, texts: Sequence[str]) -> Array:
        """Vectors of texts as the runtime makes them: float32 (n, dim)."""
        raise UsageError(f"{type(self).__name__} does not answer 'embed'")

    def close(self) -> None:
        """Give the memory back. Called once."""


class Stream:
    """A task that takes its input in pieces, such as audio."""

    def push(self, chunk: Any) -> list[Any]:  # Any: the task's input kind, and its partial results
        """Take a piece; return what became certain."""
        raise UsageError(f"{type(self).__name__} does not stream")

    def finish(self) -> list[Any]:
        """End of input; return what is left."""
        return []


class Model:
    """A model plugin's target.

    Parameters
    ----------
    parts
        Part name to its (guarded) session; `{"": session}` where the variant has one part.
    verb
        The verb that the sessions were opened for.
    assets
        Folder that holds tokenizer, labels and configs under their own names.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        self.parts = parts
        self.verb = verb
        self.assets = assets
        self.facts = facts

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Answer each input, in order. `options` holds every option of the spec, resolved.

        Inputs and results are of the kinds that the task declares. Partial results go to `emit` with the index of
        their input; a model plugin that has none need not call it.
        """
        raise UsageError(f"{type(self).__name__} does not answer whole inputs")

    def stream(self, options: Mapping[str, OptionValue]) -> Stream:
        """Open a stream of input, for tasks that take one."""
        raise UsageError(f"{type(self).__name__} does not take its input in pieces")
