"""Around every call into torch: without gradients, and with as many threads as were asked for.

torch counts threads for the whole process, so the number is set for the call and put back after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["computing"]


@contextmanager
def computing(threads: int) -> Iterator[None]:
    """Inference with this many threads inside an operator."""
    before = torch.get_num_threads()
    if before != threads:
        torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            yield
    finally:
        if before != threads:
            torch.set_num_threads(before)
