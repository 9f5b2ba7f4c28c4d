"""The names of torch and transformers that are used here, imported and called without what they print meanwhile."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hub_export.hush import hushed

with hushed():
    import torch
    import transformers
    from safetensors.torch import load_file

__all__ = ["load_file", "quiet", "torch", "transformers"]


@contextmanager
def quiet() -> Iterator[None]:
    """No bars, notes or warnings while a model is loaded or exported: what matters is raised or compared."""
    settings: Any = transformers.utils.logging  # Any: not typed
    level, bars = settings.get_verbosity(), settings.is_progress_bar_enabled()
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    try:
        with hushed(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.set_verbosity(level)
        if bars:
            settings.enable_progress_bar()
