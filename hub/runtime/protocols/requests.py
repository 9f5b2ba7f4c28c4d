"""What is asked of a session and what it answers: tensors, sampling, sequences, conversations, deltas.

Knows nothing of who opens a session or who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from hub.types import JSON, Message, ToolCall

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
    Feeds = Mapping[str, Array]
    Outputs = dict[str, Array]

__all__ = [
    "TOOL_CHOICES",
    "VERBS",
    "Chat",
    "Delta",
    "Emit",
    "Generate",
    "Generated",
    "Likely",
    "Reply",
    "Sampling",
    "Score",
    "Scored",
    "Tensor",
    "TokenLogprob",
]

VERBS = ("run", "generate", "chat", "embed")
TOOL_CHOICES = ("auto", "none", "required")


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

    What changes the logits before anything is cut: `logit_bias` adds to those of the token ids that it names;
    `presence_penalty` is taken off those of every token that the text so far holds, and `frequency_penalty` once for
    each time that it does. Whether the prompt is part of the text so far is the runtime's.
    """

    max_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)


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
    """Token ids out, for one prompt, without the one that ended it. `finish` is `stop`, `length` or `cancelled`.

    `measures` holds what the runtime says of the answer, where it says something: `logprob`, the mean natural logarithm
    of the probability of its tokens; `no_speech`, the probability that a recogniser heard nobody speak.
    """

    ids: tuple[int, ...]
    finish: str
    prompt_tokens: int
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """A conversation, or a plain `prompt` to complete without a template; one of the two.

    Parameters
    ----------
    schema
        A JSON Schema that the answer must satisfy.
    tools
        Functions that the model may call, each `{"type": "function", "function": {"name": …, "description": …,
        "parameters": a JSON Schema}}`, as chat templates take them. Arguments of a call that is made under
        `tool_choice` `required` satisfy the schema.
    tool_choice
        `auto`: the model chooses between text and calls; `none`: it does not call; `required`: it must.
    parallel_tool_calls
        Whether it may make several calls at once.
    top_logprobs
        Have the log-probability of each token told, and of so many of the likeliest at its place; `None` for none.
    """

    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    schema: Mapping[str, JSON] | None = None
    tools: tuple[Mapping[str, JSON], ...] = ()
    tool_choice: str = "auto"
    parallel_tool_calls: bool = True
    top_logprobs: int | None = None


class Likely(TypedDict):
    """A token that may come: its text, its bytes, and the natural logarithm of its probability.

    The text may be half a character, shown as U+FFFD; the bytes are exact.
    """

    token: str
    bytes: list[int]
    logprob: float


class TokenLogprob(Likely):
    """A token that came, and the likeliest at its place, the best first.

    Probabilities are those of the model itself, before temperature, penalties and filters.
    """

    top_logprobs: NotRequired[list[Likely]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer to a `Chat`. `finish` is `stop`, `length` or `cancelled`; `tokens` are those that were generated.

    `tool_calls` are what the model calls, in order, and no part of the text. `logprobs` tell of each token that was
    generated, where the request wants them.
    """

    text: str
    finish: str
    tokens: int
    prompt_tokens: int
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Sequences to score, not to continue: token ids for a session opened for `generate`, texts for `chat`.

    A text is tokenised as the model expects the beginning of a text, with no chat template.
    """

    prompts: tuple[tuple[int, ...], ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """What a language model expects at each place of one sequence.

    Parameters
    ----------
    ids
        The tokens of the sequence, (tokens,).
    logprobs
        float32 (tokens - 1, vocabulary): natural logarithm of the probability of each token after the tokens so far.
        Row `i` is about `ids[i + 1]`.
    told
        How many of the likeliest tokens of a row are known, where the runtime tells no more; the others share what is
        left of 1 evenly. `None` where all are.
    """

    ids: tuple[int, ...]
    logprobs: Any  # Any: a numpy array, not importable here
    told: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """What came since the last one, for the input at `index`: text, token ids, or any other value.

    The value of a `Chat` is a mapping: `tool_calls`, a list of pieces of calls, each with the `index` of its call, and
    `id`, `type` and `function` as they come, the `arguments` in pieces that join; `logprobs`, a list of `TokenLogprob`.
    """

    index: int = 0
    text: str = ""
    ids: tuple[int, ...] = ()
    value: Any = None  # Any: a task's own partial result


Emit = Callable[[Delta], bool]
"""Takes each delta as it comes. Returns `True` to stop. May raise: the guard carries the exception past the runtime."""
