"""A session, which a backend opens: loaded weights of one part that answer one verb.

Knows nothing of tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import UsageError
from hub.runtime.protocols.requests import Chat, Emit, Generate, Generated, Reply, Score, Scored, Tensor
from hub.types import JSON, Facts, OptionValue

if TYPE_CHECKING:
    from hub.runtime.protocols.requests import Array, Feeds, Outputs

__all__ = ["Architecture", "OpenRequest", "Probe", "Session"]

Architecture = Callable[[Facts, str], Any]
"""Builds the model of a part in a framework: a module whose tensors have the names and shapes of the file's."""


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
    load_steps
        Steps of a recipe to do while opening, in order: name to resolved options. Each is one of the spec's.
    architecture
        What builds the model in one of the spec's frameworks, where a model plugin brings it; it takes `facts` and
        `part`.
    """

    path: Path
    verb: str
    device: str
    facts: Facts
    part: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    load_steps: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    architecture: Architecture | None = None

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
        Names of the request fields that it obeys: `max_tokens`, `temperature`, `top_p`, `top_k`, `seed`,
        `presence_penalty`, `frequency_penalty`, `logit_bias`, `stop`, `schema`, `tools`, `top_logprobs`, `eos`,
        `suppress`; and `images`, where messages may hold pictures. A request that sets another one is refused before
        it gets here. Who honours `tools` honours `tool_choice` and turns that hold calls and their answers.
    declines
        Why it does not obey a field that others of its kind do, by name: it becomes part of the refusal.
    concurrency
        How many calls may be under way at once; the guard queues the others.
    """

    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    metadata: Mapping[str, JSON] = {}
    honours: frozenset[str] = frozenset()
    declines: Mapping[str, str] = {}
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

    def score(self, request: Score) -> list[Scored]:
        """Log-probabilities of given sequences, for measuring; beside `generate` or `chat`. Nothing need offer it."""
        raise UsageError(f"{type(self).__name__} does not score")

    def close(self) -> None:
        """Give the memory back. Called once."""
