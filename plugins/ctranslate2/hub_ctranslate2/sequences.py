"""Answers `generate` with models from sequence to sequence, such as translation: ids in, ids out.

CTranslate2 speaks in tokens, so ids are looked up in the vocabularies that lie beside the weights. Knows nothing of
text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import InputError
from hub.runtime.protocols import Delta, Emit, Generate, Generated, Session, Tensor

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["SequenceSession"]

_LONGEST = 512
_HONOURS = frozenset({"max_tokens", "temperature", "top_k", "top_p", "eos", "suppress"})


class SequenceSession(Session):
    """An encoder and a decoder. One call at a time.

    A prompt begins with the token that starts the decoder, which CTranslate2 sets by itself.
    """

    honours = _HONOURS

    def __init__(  # Any: CTranslate2 has no types
        self, model: Any, source: list[str], target: list[str], beams: int = 1
    ) -> None:
        self._model = model
        self._beams = beams
        self._source, self._target = source, target
        self._ids = {token: number for number, token in enumerate(target)}
        self.inputs = (
            Tensor(name="input_ids", dtype="int64", shape=("batch", "sequence")),
            Tensor(name="attention_mask", dtype="int64", shape=("batch", "sequence")),
        )

    def generate(self, request: Generate, emit: Emit) -> list[Generated]:
        """Continue each prompt after the sequence of its row; tokens are emitted as they come, of beams when they end.

        Raises
        ------
        InputError
            Ids that the model does not know, or feeds that are not one for each prompt.
        """
        sources = self._sources(request)
        sampling = request.sampling
        most = _LONGEST if sampling.max_tokens is None else sampling.max_tokens
        prefixes = [[self._token(self._target, token) for token in prompt[1:]] for prompt in request.prompts]
        beams = 1 if sampling.temperature else self._beams
        stopped: set[int] = set()

        def step(found: Any) -> bool:  # Any: CTranslate2 has no types
            row = int(found.batch_id)
            if found.token_id in request.eos:
                return False
            if emit(Delta(index=row, ids=(int(found.token_id),))):
                stopped.add(row)
            return row in stopped

        results = self._model.translate_batch(
            sources,
            target_prefix=[prefix or None for prefix in prefixes],
            beam_size=beams,
            max_input_length=0,
            max_decoding_length=most,
            min_decoding_length=0,
            sampling_topk=sampling.top_k if sampling.temperature else 1,
            sampling_topp=sampling.top_p,
            sampling_temperature=sampling.temperature or 1.0,
            suppress_sequences=[[self._token(self._target, token)] for token in request.suppress] or None,
            end_token=[self._token(self._target, token) for token in request.eos] or None,
            callback=step if beams == 1 else None,
        )
        found = [
            self._result(result.hypotheses[0], len(prefix), most, row in stopped)
            for row, (result, prefix) in enumerate(zip(results, prefixes, strict=True))
        ]
        if beams > 1:
            for row, each in enumerate(found):
                emit(Delta(index=row, ids=each.ids))
        return found

    def close(self) -> None:
        """Give the memory back."""
        self._model.unload_model()
        self._model = None

    def _result(self, tokens: list[str], given: int, most: int, stopped: bool) -> Generated:
        ids = tuple(self._ids[token] for token in tokens[given:])[:most]
        finish = "cancelled" if stopped else "length" if len(ids) >= most else "stop"
        return Generated(ids=ids, finish=finish, prompt_tokens=given + 1)

    def _sources(self, request: Generate) -> list[list[str]]:
        ids: Array = request.feeds["input_ids"]
        mask: Array = request.feeds["attention_mask"]
        if len(ids) != len(request.prompts):
            raise InputError(f"input_ids holds {len(ids)} inputs for {len(request.prompts)} prompts")
        return [
            [self._token(self._source, int(token)) for token, real in zip(row, kept, strict=True) if real]
            for row, kept in zip(ids, mask, strict=True)
        ]

    @staticmethod
    def _token(vocabulary: list[str], token: int) -> str:
        if not 0 <= token < len(vocabulary):
            raise InputError(f"token id {token} is not known; the model has {len(vocabulary)}")
        return vocabulary[token]
