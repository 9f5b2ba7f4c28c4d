"""Changes sample rates, whole or in pieces. The one module that imports soxr.

Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import soxr  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from hub_sound.samples import Samples

__all__ = ["resample", "resampled"]

_QUALITY = "HQ"


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Samples at another rate: float32 (frames,), of the same duration to the nearest frame."""
    if rate == wanted:
        return samples
    found: Samples = soxr.resample(samples, rate, wanted, quality=_QUALITY)
    return found


def resampled(pieces: Iterable[Samples], rate: int, wanted: int) -> Iterator[Samples]:
    """The same for sound that comes in pieces; what comes out may be cut elsewhere, and equals `resample` of it all."""
    if rate == wanted:
        yield from pieces
        return
    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality=_QUALITY)
    for piece in pieces:
        found = stream.resample_chunk(piece)
        if len(found):
            yield found
    rest = stream.resample_chunk(np.empty(0, np.float32), last=True)
    if len(rest):
        yield rest
