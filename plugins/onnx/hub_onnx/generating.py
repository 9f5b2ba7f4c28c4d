"""Answers `generate` through ONNX Runtime GenAI, which keeps keys and values. The one module that imports it.

Knows nothing of text: tokens in, tokens out. Sampling is set in full, because the file brings defaults of its own.
Options: https://onnxruntime.ai/docs/genai/reference/config.html
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime_genai as genai  # type: ignore[import-untyped]

from hub.errors import ContextOverflow, InferenceError, InputError
from hub.runtime.protocols import (
    Delta,
    Emit,
    Generate,
    Generated,
    OpenRequest,
    Sampling,
    Score,
    Scored,
    Session,
    usable_cpus,
)
from hub.types import JSON
from hub_onnx.facts import GENAI

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["GenerateSession", "open_decoder"]


class GenerateSession(Session):
    """A graph with a KV cache behind `generate`. Prompts are answered one after the other, calls too."""

    honours = frozenset({"max_tokens", "temperature", "top_p", "top_k", "seed", "eos"})

    def __init__(self, model: Any, context: int, vocabulary: int) -> None:  # Any: GenAI has no types
        self._model: Any = model
        self._context = context
        self._vocabulary = vocabulary
        self.metadata: dict[str, JSON] = {"context_length": context, "vocab_size": vocabulary}

    def generate(self, request: Generate, emit: Emit) -> list[Generated]:
        """Continue each prompt; tokens are emitted as they come, without the one that ends.

        Raises
        ------
        ContextOverflow
            A prompt leaves no room for an answer.
        """
        self._refuse(request.prompts, room=1)
        return [self._answer(index, prompt, request, emit) for index, prompt in enumerate(request.prompts)]

    def score(self, request: Score) -> list[Scored]:
        """What the model expects at each place of the given sequences."""
        self._refuse(request.prompts, room=0)
        return [Scored(ids=prompt, logprobs=self._expected(prompt)) for prompt in request.prompts]

    def close(self) -> None:
        """Give the memory back."""
        self._model = None

    def _answer(self, index: int, prompt: tuple[int, ...], request: Generate, emit: Emit) -> Generated:
        room = self._context - len(prompt)
        most = room if request.sampling.max_tokens is None else min(room, request.sampling.max_tokens)
        generator = self._generator(request.sampling, len(prompt) + most)
        generator.append_tokens(np.array(prompt, dtype=np.int32))
        ids: list[int] = []
        while len(ids) < most:
            generator.generate_next_token()
            token = int(generator.get_next_tokens()[0])
            if token in request.eos:
                return Generated(ids=tuple(ids), finish="stop", prompt_tokens=len(prompt))
            ids.append(token)
            if emit(Delta(index=index, ids=(token,))):
                return Generated(ids=tuple(ids), finish="cancelled", prompt_tokens=len(prompt))
        return Generated(ids=tuple(ids), finish="length", prompt_tokens=len(prompt))

    def _generator(self, sampling: Sampling, length: int) -> Any:  # Any: as above
        greedy = sampling.temperature <= 0
        params = genai.GeneratorParams(self._model)
        params.set_search_options(
            batch_size=1,
            num_beams=1,
            do_sample=not greedy,
            temperature=1.0 if greedy else sampling.temperature,
            top_p=1.0 if greedy else sampling.top_p,
            top_k=1 if greedy else sampling.top_k or self._vocabulary,
            repetition_penalty=1.0,
            min_length=0,
            max_length=length,
            random_seed=secrets.randbelow(2**31) if sampling.seed is None else sampling.seed % 2**31,
        )
        return genai.Generator(self._model, params)

    def _expected(self, prompt: tuple[int, ...]) -> Array:
        if len(prompt) < 2:
            return np.empty((0, self._vocabulary), dtype=np.float32)
        generator = self._generator(Sampling(), min(self._context, len(prompt) + 1))
        generator.append_tokens(np.array(prompt, dtype=np.int32))
        logits = generator.get_output("logits")[0].astype(np.float32)
        if len(logits) != len(prompt):
            raise InferenceError("this graph gives the logits of the last token alone, so sequences cannot be scored")
        shifted = logits[:-1] - logits[:-1].max(axis=1, keepdims=True)
        scores: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return scores

    def _refuse(self, prompts: Sequence[tuple[int, ...]], *, room: int) -> None:
        for index, prompt in enumerate(prompts):
            if not prompt:
                raise InputError(f"prompt {index} has no tokens")
            if len(prompt) + room > self._context:
                raise ContextOverflow(
                    f"prompt {index} has {len(prompt)} tokens, and the context holds {self._context}",
                    hint="Shorten it, or load the model with a larger context_length.",
                )
            wrong = next((token for token in prompt if not 0 <= token < self._vocabulary), None)
            if wrong is not None:
                raise InputError(f"prompt {index} holds the id {wrong}; the model knows 0 to {self._vocabulary - 1}")


def open_decoder(request: OpenRequest) -> GenerateSession:
    """Open a folder that has `genai_config.json`.

    Raises
    ------
    InferenceError
        A file is broken, or the device is not there.
    """
    try:
        own = json.loads((request.path / GENAI).read_text(encoding="utf-8"))["model"]
        longest, vocabulary = int(own["context_length"]), int(own["vocab_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InferenceError(f"{request.path / GENAI} cannot be read: {error}") from error
    wanted = request.options.get("context_length")
    context = min(longest, wanted) if isinstance(wanted, int) else longest
    threads = request.options.get("threads")
    config = _config(request.path, request.device, threads if isinstance(threads, int) else usable_cpus())
    try:
        model = genai.Model(config)
    except Exception as error:  # GenAI raises RuntimeError and its own
        raise InferenceError(
            f"{request.path} cannot be loaded by onnxruntime-genai {genai.__version__}: {error}"
        ) from error
    return GenerateSession(model, context, vocabulary)


def _config(folder: Path, device: str, threads: int) -> Any:  # Any: as above
    config = genai.Config(str(folder))
    config.clear_providers()
    if device == "cuda":
        config.append_provider("cuda")
    options = {"intra_op_num_threads": threads, "log_severity_level": 4}
    config.overlay(json.dumps({"model": {"decoder": {"session_options": options}}}))
    return config
