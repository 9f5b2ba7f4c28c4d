"""Values that cross every layer: options, facts, weight files, estimates, artifacts.

Standard library alone, frozen, keyword-only, picklable. Knows nothing of registries, plugins or runtimes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict

__all__ = [
    "JSON",
    "Artifact",
    "Audio",
    "CalledFunction",
    "Estimate",
    "Facts",
    "ImageURL",
    "Message",
    "Option",
    "OptionType",
    "OptionValue",
    "Part",
    "ToolCall",
    "WeightFile",
]

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
OptionType = type[str] | type[int] | type[float] | type[bool] | type[Path] | type[dict]  # type: ignore[type-arg]
OptionValue = (
    None
    | str
    | int
    | float
    | bool
    | Path
    | dict[str, JSON]
    | list[str]
    | list[int]
    | list[float]
    | list[dict[str, JSON]]
)


class ImageURL(TypedDict):
    """A picture as a `data:` URL: `data:image/png;base64,…`. No other URL is taken: nothing here fetches."""

    url: str


class Part(TypedDict):
    """A piece of a message. `type` is `text` or `image_url`, and the key of that name holds what it is."""

    type: str
    text: NotRequired[str]
    image_url: NotRequired[ImageURL]


class CalledFunction(TypedDict):
    """A function that a model calls. `arguments` are the text of a JSON object."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """What a model asks for: `{"id": …, "type": "function", "function": {"name": …, "arguments": …}}`."""

    id: str
    type: str
    function: CalledFunction


class Message(TypedDict):
    """One turn of a conversation, in the field names of the Hugging Face and OpenAI chat formats.

    `content` is always its text. Where it holds pictures too, `parts` is all of it in order, text and pictures. An
    assistant's turn that calls tools has `tool_calls`, and the turn of role `tool` that answers one its `tool_call_id`.
    """

    role: str
    content: str
    parts: NotRequired[list[Part]]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    name: NotRequired[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option of a call, of loading, or of a transform.

    Parameters
    ----------
    name
        Lower case with underscores; the shell spells it with hyphens.
    type
        `str`, `int`, `float`, `bool`, `pathlib.Path`, or `dict` for JSON.
    default
        What holds if it is not given. `None` means "not set", never a hidden default.
    choices, min, max
        Limits, both ends included.
    many
        It may be given more than once; the value is then a list.
    """

    name: str
    type: OptionType
    default: OptionValue = None
    help: str = ""
    choices: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    many: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightFile:
    """A file of a variant: where it lies in the artifact, what it must be, and who may have it.

    `sha256` (64 lower-case hex digits) and `size` (bytes) are `None` only for a file of an unlisted repository that
    was not pulled yet. `path` is relative, with `/`. `sources` are tried in order; none is trusted.
    """

    path: str
    size: int | None
    sha256: str | None
    sources: tuple[str, ...]
    part: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of weights before anything is downloaded or opened.

    Parameters
    ----------
    task
        Hugging Face task name, such as `text-generation`.
    family
        Architecture family in the Hugging Face `model_type` spelling: `llama`, `bert`.
    format
        Id of a `FormatSpec`.
    files
        All files of the variant.
    parts
        Part name to the paths of its files; `{"": ...}` where the variant has one part.
    size
        Bytes of all files.
    architectures
        Framework to the `"module:attribute"` of a model plugin that builds the model in it; empty where no plugin
        brings one.
    config
        The numbers that size a model, under the names of a Hugging Face `config.json` (`num_hidden_layers`,
        `num_key_value_heads`, `head_dim`, `hidden_size`, `max_position_embeddings`, …).
    """

    task: str
    family: str
    format: str
    files: tuple[WeightFile, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    size: int = 0
    config: Mapping[str, JSON] = field(default_factory=dict)
    architectures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Memory that a plan is expected to take, in bytes."""

    weights: int
    cache: int = 0
    working: int = 0

    @property
    def total(self) -> int:
        """Sum of the three, in bytes."""
        return self.weights + self.cache + self.working


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """Verified, immutable weights on disk.

    `digest` is `sha256:<hex>` over the sorted (path, sha256) pairs. `path` is a folder that holds every file of
    `files` under its own name, as plain files or hard links.
    """

    digest: str
    path: Path
    files: tuple[WeightFile, ...]


class Audio(ABC):
    """Sound: the value of the kind `audio`, whatever holds its samples. Plugins that decode files subclass it.

    Pickles where it stands for a file or for samples in memory. Samples are from -1 to 1, and several channels are
    mixed to one by their mean.

    Attributes
    ----------
    rate
        Samples in a second, in Hz.
    channels
        Channels of the original.
    duration
        Seconds.
    """

    rate: int
    channels: int
    duration: float

    @abstractmethod
    def samples(self, rate: int | None = None) -> Any:  # Any: a numpy array, not importable here
        """Whole sound as mono, float32 (frames,), at `rate` Hz; at its own without one."""

    @abstractmethod
    def blocks(self, seconds: float, rate: int | None = None) -> Iterator[Any]:  # Any: as above
        """Consecutive windows as mono, float32 (frames,), the last one shorter; memory for one window at a time.

        Joined they are what `samples` gives: resampling goes on across their borders.
        """
