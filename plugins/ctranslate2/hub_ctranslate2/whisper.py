"""Answers `generate` with Whisper: features of 30 s of sound and a prompt of token ids in, token ids out.

CTranslate2 itself holds the rules for timestamps: they are kept where the prompt lets the model write them, which is
where it does not end with `<|notimestamps|>`. Knows nothing of sound and of text.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import ContextOverflow, InferenceError, InputError
from hub.runtime.protocols import Delta, Emit, Generate, Generated, Session, Tensor
from hub_ctranslate2.library import StorageView

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["WhisperSession"]

_CONTEXT = 448
_FRAMES = 3000
_HONOURS = frozenset({"max_tokens", "temperature", "top_k", "eos", "suppress"})


class WhisperSession(Session):
    """A Whisper model. One call at a time; what comes is emitted when a row is done. It also ends at its own end.

    A prompt that is the start of the transcript alone, asked for one token, is answered with the language that is
    heard: the model was taught to write it there.
    """

    honours = _HONOURS

    def __init__(self, model: Any, vocabulary: list[str], beams: int = 1) -> None:  # Any: CTranslate2 has no types
        self._model = model
        self._beams = beams
        self._ids = {token: number for number, token in enumerate(vocabulary)}
        self._size = len(vocabulary)
        if "<|startoftranscript|>" not in self._ids:
            raise InferenceError("the vocabulary has no <|startoftranscript|>: this is no Whisper")
        self._start = self._ids["<|startoftranscript|>"]
        self.inputs = (Tensor(name="input_features", dtype="float32", shape=("batch", int(model.n_mels), _FRAMES)),)
        self.metadata = {
            "context_length": _CONTEXT,
            "decoder_start_token_id": self._start,
            "is_multilingual": bool(model.is_multilingual),
            "compute_type": str(model.compute_type),
        }

    def generate(self, request: Generate, emit: Emit) -> list[Generated]:
        """Continue each prompt after the features of its row; `measures` says how sure the model is.

        Raises
        ------
        InputError, ContextOverflow
            Ids that the model does not know, or a prompt without its start or without room.
        """
        features = request.feeds["input_features"]
        self._refuse(request, features)
        found: dict[int, Generated] = {}
        rows: dict[tuple[int, bool], list[int]] = defaultdict(list)
        for row, prompt in enumerate(request.prompts):
            rows[len(prompt), self._asks_language(prompt, request)].append(row)
        for (_, language), group in rows.items():
            chosen = StorageView.from_array(np.ascontiguousarray(features[group], np.float32))
            answer = self._languages if language else self._continue
            for row, result in zip(group, answer(chosen, request, group), strict=True):
                found[row] = _emitted(row, result, emit)
        return [found[row] for row in range(len(request.prompts))]

    def close(self) -> None:
        """Give the memory back."""
        self._model.unload_model()
        self._model = None

    def _continue(self, features: StorageView, request: Generate, rows: list[int]) -> list[Generated]:
        prompts = [list(request.prompts[row]) for row in rows]
        length, sampling = len(prompts[0]), request.sampling
        room = _CONTEXT - length
        most = min(room, _CONTEXT // 2 if sampling.max_tokens is None else sampling.max_tokens)
        found = self._model.generate(
            features,
            prompts,
            beam_size=1 if sampling.temperature else self._beams,
            max_length=max(2 * most, most + length),  # it gives half of this to the answer, or what the prompt leaves
            suppress_tokens=list(request.suppress) or None,
            suppress_blank=True,
            sampling_topk=sampling.top_k if sampling.temperature else 1,
            sampling_temperature=sampling.temperature or 1.0,
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [self._result(each, length, most, frozenset(request.eos)) for each in found]

    @staticmethod
    def _result(result: Any, length: int, most: int, ends: frozenset[int]) -> Generated:  # Any: as of the model
        whole = tuple(result.sequences_ids[0])
        spoken = float(result.scores[0]) * len(whole) / (len(whole) + 1)  # the end counts as a token too
        place = next((place for place, token in enumerate(whole) if token in ends), None)
        ids = whole[:most] if place is None else whole[:place]
        return Generated(
            ids=ids,
            finish="length" if place is None and len(ids) >= most else "stop",
            prompt_tokens=length,
            measures={"logprob": spoken, "no_speech": float(result.no_speech_prob)},
        )

    def _languages(self, features: StorageView, request: Generate, rows: list[int]) -> list[Generated]:
        found = self._model.detect_language(features)
        return [
            Generated(
                ids=(self._ids[ranked[0][0]],),
                finish="length",
                prompt_tokens=1,
                measures={"logprob": float(np.log(max(ranked[0][1], 1e-10)))},
            )
            for ranked in found
        ]

    def _asks_language(self, prompt: tuple[int, ...], request: Generate) -> bool:
        return prompt == (self._start,) and request.sampling.max_tokens == 1 and bool(self._model.is_multilingual)

    def _refuse(self, request: Generate, features: Array) -> None:
        if len(features) != len(request.prompts):
            raise InputError(f"input_features holds {len(features)} inputs for {len(request.prompts)} prompts")
        highest = max([*(token for prompt in request.prompts for token in prompt), *request.suppress])
        if highest >= self._size:
            raise InputError(f"token id {highest} is not known; the model has {self._size}")
        longest = max(map(len, request.prompts))
        if longest >= _CONTEXT:
            raise ContextOverflow(f"a prompt of {longest} tokens leaves no room in a context of {_CONTEXT}")
        if any(self._start not in prompt for prompt in request.prompts):
            raise InputError(f"a prompt of Whisper holds the start of the transcript, {self._start}")


def _emitted(row: int, result: Generated, emit: Emit) -> Generated:
    """The result, cut where the one who hears it wants no more."""
    for count, token in enumerate(result.ids, 1):
        if emit(Delta(index=row, ids=(token,))):
            return replace(result, ids=result.ids[:count], finish="cancelled")
    return result
