"""In which batches sequences are seen: of like length, in an order that seed and step alone decide.

A run that is taken up again at a step sees what the first one would have seen. Standard library alone; knows nothing of
what the sequences hold.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

__all__ = ["Order", "by_length"]

_POOL = 16  # batches that are sorted by length together


class Order:
    """Batches of an endless run.

    Parameters
    ----------
    lengths
        Tokens of each sequence.
    size
        Sequences in a batch; all of them where there are fewer.

    Notes
    -----
    Each epoch is shuffled, cut into pools of 16 batches, and each pool sorted by length, so that little is padded and
    batches are never the same twice. What does not fill a batch is left for another epoch.
    """

    def __init__(self, lengths: Sequence[int], size: int, seed: int) -> None:
        self._lengths = tuple(lengths)
        self.size = min(size, len(self._lengths))
        self._seed = seed
        self._made: tuple[int, list[list[int]]] = (-1, [])

    @property
    def steps_per_epoch(self) -> int:
        """Full batches of an epoch."""
        return len(self._lengths) // self.size

    def at(self, step: int) -> list[int]:
        """Places of the sequences of a step, counted from 0."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._made[0] != epoch:
            self._made = (epoch, self._epoch(epoch))
        return self._made[1][place]

    def _epoch(self, epoch: int) -> list[list[int]]:
        draw = random.Random(f"order {self._seed} {epoch}")  # noqa: S311 - no secret
        places = list(range(len(self._lengths)))
        draw.shuffle(places)
        places = places[: self.steps_per_epoch * self.size]
        batches = []
        for start in range(0, len(places), _POOL * self.size):
            pool = sorted(places[start : start + _POOL * self.size], key=lambda place: self._lengths[place])
            batches += [pool[at : at + self.size] for at in range(0, len(pool), self.size)]
        draw.shuffle(batches)
        return batches


def by_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """All sequences once, longest first, in batches."""
    places = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    return [places[start : start + size] for start in range(0, len(places), size)]
