"""transformers and its Auto classes, imported without what optional neighbours print meanwhile.

torchao, for one, logs each of its own extensions that this build of torch has no use for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["PreTrainedModel", "auto", "quiet"]

_NOISY = ("torchao", "torch.distributed", "torch.onnx", "torch.utils._pytree", "onnxscript")


@contextmanager
def _hushed() -> Iterator[None]:
    before = {name: logging.getLogger(name).level for name in _NOISY}
    for name in before:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


with _hushed():
    import transformers
    from transformers import PreTrainedModel


def auto(name: str) -> Any:  # Any: what from_pretrained gives depends on flags, which its annotation does not tell
    """A class of transformers by its name."""
    with _hushed():
        return getattr(transformers, name)


@contextmanager
def quiet() -> Iterator[None]:
    """No bars and no notes while weights are loaded: what matters is raised."""
    settings: Any = transformers.utils.logging  # Any: not typed
    level, bars = settings.get_verbosity(), settings.is_progress_bar_enabled()
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    try:
        with _hushed():
            yield
    finally:
        settings.set_verbosity(level)
        if bars:
            settings.enable_progress_bar()
