"""A model plugin's side of the contract: a task's input to a verb and back, in pieces, and compared.

Knows nothing of backends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.errors import UsageError
from hub.runtime.protocols.requests import Emit
from hub.runtime.protocols.session import Session
from hub.types import Facts, OptionValue

__all__ = ["Fidelity", "Model", "Stream"]


class Fidelity:
    """Compares what a changed model gives with what its origin gives, input by input. A new one for each measure."""

    def add(self, before: Any, after: Any, label: str | None = None) -> None:  # Any: what `Model.evaluate` gives
        """Take what both gave for one input, and the right answer where the data says it."""
        raise UsageError(f"{type(self).__name__} does not compare")

    def figures(self) -> Mapping[str, float]:
        """Every figure by its standard name (`cosine`, `perplexity`, `top1_agreement`, …)."""
        raise UsageError(f"{type(self).__name__} has no figures")

    def loss(self) -> float:
        """The one number that a limit is put on: 0 where nothing was lost, more where more was."""
        raise UsageError(f"{type(self).__name__} has no loss")


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

    def evaluate(self, inputs: Sequence[Any], options: Mapping[str, OptionValue]) -> list[Any]:
        """What fidelity is measured on, one for each input: the answers, where the model plugin has nothing better.

        A language model gives a `Scored`, because what it says next depends on what it said before.
        """
        return self.infer(inputs, options, lambda _: False)

    def stream(self, options: Mapping[str, OptionValue]) -> Stream:
        """Open a stream of input, for tasks that take one."""
        raise UsageError(f"{type(self).__name__} does not take its input in pieces")
