"""How much is done for one measure: rounds, warm-up, calls, batch sizes. Knows nothing of models."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Effort"]

_GENERATING = {"generate", "chat"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """What is done for one measure; the same for everything that is to be compared.

    Parameters
    ----------
    rounds
        Times that each subject is opened, in a fresh process; subjects take turns, so that a slow minute of the
        machine falls on all of them.
    warmup
        Calls before those that count, for each batch size.
    calls, seconds
        Calls that count in a round, for each batch size, and seconds that they take: at least both.
    longest
        Seconds after which no further call begins, whatever the least is.
    batches
        Inputs of one call; by default 1 where tokens are generated, else 1 and 32.
    max_tokens
        Tokens of an answer, where the model plugin has that option.
    limit
        Inputs that fidelity is measured on, at most; by default 8 where tokens are generated and nobody said what is
        right, else 256.
    """

    rounds: int = 3
    warmup: int = 1
    calls: int = 5
    seconds: float = 1.0
    longest: float = 30.0
    batches: tuple[int, ...] = ()
    max_tokens: int = 32
    limit: int = 0

    def batches_for(self, verb: str) -> tuple[int, ...]:
        """Batch sizes for a verb."""
        return self.batches or ((1,) if verb in _GENERATING else (1, 32))

    def limit_for(self, verb: str, *, labelled: bool = False) -> int:
        """Inputs that fidelity is measured on for a verb; `labelled` where the data says the right answers."""
        return self.limit or (8 if verb in _GENERATING and not labelled else 256)
