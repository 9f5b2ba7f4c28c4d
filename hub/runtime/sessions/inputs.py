"""Tells one input from a list of them, by the kinds that a task takes, and puts results back in the same shape.

Knows nothing of any model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["as_batch", "as_results"]


def as_batch(  # Any: of the kinds that the task declares
    inputs: Any, kinds: Sequence[str], *, media: bool = False
) -> tuple[list[Any], bool]:
    """Inputs as a list, and whether it was a single one.

    A list is a batch, except that a list of mappings is one conversation where the task takes `messages`. A tuple is
    one too, but for tasks of `media`, whose codecs take pairs such as samples and their rate.
    """
    if not isinstance(inputs, list if media else list | tuple):
        return [inputs], True
    if "messages" in kinds and inputs and all(isinstance(item, Mapping) for item in inputs):
        return [list(inputs)], True
    return list(inputs), False


def as_results(results: list[Any], *, single: bool, kinds: Sequence[str]) -> Any:  # Any: the task's output kind
    """The one result; or the list; or, for vectors of one length, a float32 array (n, dim)."""
    if single:
        return results[0]
    if "vector" not in kinds[:1]:
        return results
    import numpy as np

    if not results:
        return np.empty((0, 0), dtype=np.float32)
    shapes = {result.shape for result in results if isinstance(result, np.ndarray)}
    equal = len(shapes) == 1 and all(isinstance(result, np.ndarray) for result in results)
    return np.stack(results) if equal else results
