"""Keeps libraries that only come along with transformers from writing to the terminal.

torchao, for one, logs each of its own extensions that this build of torch has no use for. Knows logger names alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["hushed"]

_NOISY = ("torchao", "torch.distributed", "torch.onnx", "torch.utils._pytree", "onnxscript", "onnx_ir")


@contextmanager
def hushed() -> Iterator[None]:
    """Errors alone from these loggers, until it ends."""
    before = {name: logging.getLogger(name).level for name in _NOISY}
    for name in before:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
