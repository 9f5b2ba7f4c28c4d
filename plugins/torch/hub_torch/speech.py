"""Rules that Whisper writes by (Radford et al., 2022): times come in pairs, never go back, and nothing begins blank.

They hold where the prompt lets the model write times, which is where it does not end with `<|notimestamps|>`. Other
architectures have none. Knows nothing of sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from hub.errors import InputError
from hub_torch.library import GenerationConfig, LogitsProcessor, PreTrainedModel, transformers

__all__ = ["SpeechRules"]

_TIMES = 1501  # from 0 to 30 seconds, 20 ms apart, at the end of the vocabulary
_LATEST_BEGIN = 50  # a second
_MULTILINGUAL = 51_865  # tokens from which on a Whisper knows other languages than English


class SpeechRules:
    """What the files of a model say of these rules; read before its generation config is replaced."""

    def __init__(self, model: PreTrainedModel) -> None:
        config, own = model.config, getattr(model, "generation_config", None)
        self._timeless = -1
        self._blank: list[int] = []
        if config.model_type == "whisper":
            told = getattr(own, "no_timestamps_token_id", None)
            self._timeless = int(told) if told is not None else int(config.vocab_size) - _TIMES - 1
            self._blank = list(getattr(own, "begin_suppress_tokens", None) or [])
        self._end = getattr(config, "eos_token_id", None)
        self._multilingual = self._timeless >= 0 and int(config.vocab_size) >= _MULTILINGUAL

    def of(self, prompts: Sequence[Sequence[int]], suppress: Sequence[int], width: int) -> list[LogitsProcessor]:
        """What scores go through before a token is chosen.

        What follows the start of a transcript alone is the language, for a model that knows several.

        Parameters
        ----------
        suppress
            Ids that are never chosen: what is left of the probability is weighed between times and words.
        width
            Tokens before the first that is generated.

        Raises
        ------
        InputError
            Some prompts of one call want times and some do not.
        """
        if self._timeless < 0 or self._end is None:
            return []
        if self._multilingual and all(len(prompt) == 1 for prompt in prompts):
            return []
        timeless = {self._timeless in prompt for prompt in prompts}
        if len(timeless) > 1:
            raise InputError("prompts with times and prompts without them are asked for in calls of their own")
        found: list[LogitsProcessor] = [_Without(suppress, self._blank, width)]
        if timeless == {False}:
            settings = GenerationConfig(eos_token_id=self._end)
            settings.no_timestamps_token_id = self._timeless
            settings.max_initial_timestamp_index = _LATEST_BEGIN
            rules: Any = transformers.WhisperTimeStampLogitsProcessor  # Any: not typed
            found.append(rules(settings, begin_index=width))
        return found


class _Without(LogitsProcessor):
    """Takes ids away, some at the first step alone."""

    def __init__(self, always: Sequence[int], first: Sequence[int], width: int) -> None:
        self._always, self._first, self._width = list(always), list(first), width

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        gone = self._always + (self._first if input_ids.shape[1] == self._width else [])
        return scores.index_fill(-1, torch.tensor(gone, device=scores.device), -torch.inf) if gone else scores
