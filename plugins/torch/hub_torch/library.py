"""The names of transformers that are used here, imported without what its optional neighbours print meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hub_torch.hush import hushed

with hushed():
    import transformers
    from transformers import (
        LogitsProcessor,
        LogitsProcessorList,
        PretrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        StoppingCriteria,
        StoppingCriteriaList,
    )

__all__ = [
    "AutoConfig",
    "AutoModelForCausalLM",
    "AutoTokenizer",
    "GenerationConfig",
    "GenerationMixin",
    "LogitsProcessor",
    "LogitsProcessorList",
    "PreTrainedModel",
    "PreTrainedTokenizerBase",
    "PretrainedConfig",
    "StoppingCriteria",
    "StoppingCriteriaList",
    "quiet",
    "transformers",
]

# Any: what these take and give depends on flags, which their annotations do not tell.
AutoConfig: Any = transformers.AutoConfig
AutoModelForCausalLM: Any = transformers.AutoModelForCausalLM
AutoTokenizer: Any = transformers.AutoTokenizer
GenerationConfig: Any = transformers.GenerationConfig
GenerationMixin: Any = transformers.GenerationMixin


@contextmanager
def quiet() -> Iterator[None]:
    """No bars and no notes while weights are loaded or written: what matters is raised."""
    settings: Any = transformers.utils.logging  # Any: not typed
    level, bars = settings.get_verbosity(), settings.is_progress_bar_enabled()
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    try:
        with hushed():
            yield
    finally:
        settings.set_verbosity(level)
        if bars:
            settings.enable_progress_bar()
