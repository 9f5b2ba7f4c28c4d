"""Runs generations of OpenVINO GenAI: one at a time, or several in one batch which each joins and leaves as it likes.

Knows nothing of conversations: token ids go in, a streamer takes what comes.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue

import openvino as ov  # type: ignore[import-untyped]
import openvino_genai as genai  # type: ignore[import-untyped]

from hub_openvino.errands import Errands

__all__ = ["Batched", "Generator", "Single"]

_CUT = genai.GenerationFinishReason.LENGTH
_REMEMBERED = 256  # schemas, which strangers may send without end


class Single:
    """Generations of an `LLMPipeline`, one after the other."""

    def __init__(self, pipeline: genai.LLMPipeline) -> None:
        self._pipeline = pipeline
        self.tokenizer: genai.Tokenizer = pipeline.get_tokenizer()
        self.defaults: genai.GenerationConfig = pipeline.get_generation_config()

    def preparing(self) -> AbstractContextManager[None]:
        """What is done before `generate`."""
        return nullcontext()

    def generate(self, ids: ov.Tensor, config: genai.GenerationConfig, streamer: genai.StreamerBase) -> bool:
        """Continue a prompt, int64 (1, tokens); whether it was cut at the length that was asked for.

        Raises
        ------
        RuntimeError
            The runtime failed.
        """
        return bool(self._pipeline.generate(ids, config, streamer).finish_reasons[0] == _CUT)

    def close(self) -> None:
        """Give the memory back."""
        del self._pipeline


class Batched:
    """Generations of a `ContinuousBatchingPipeline`, any number at once. A thread computes step after step.

    What fails in a step leaves the pipeline unusable, with all that is in it. A schema may: so one that was not
    followed before takes its first step alone, after those before it have ended, and the pipeline is opened anew where
    that fails.
    """

    def __init__(self, opened: Callable[[], genai.ContinuousBatchingPipeline], slots: int) -> None:
        self._open = opened
        self._slots = slots
        self._errands = Errands()
        self._pipeline = opened()
        self.tokenizer: genai.Tokenizer = self._pipeline.get_tokenizer()
        self.defaults: genai.GenerationConfig = self._pipeline.get_config()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._waiting: deque[Turn] = deque()
        self._turns: list[Turn] = []
        self._followed: set[str] = set()
        self._closed = False
        self._broken: Exception | None = None
        self._thread = threading.Thread(target=self._compute, name="hub-openvino-steps", daemon=True)
        self._thread.start()

    def preparing(self) -> AbstractContextManager[None]:
        """What is done before `generate`: the next step waits for it."""
        return self._errands.errand()

    def generate(self, ids: ov.Tensor, config: genai.GenerationConfig, streamer: genai.StreamerBase) -> bool:
        """As `Single.generate`, beside others."""
        turn = Turn(ids, config, self._errands)
        with self._changed:
            if self._broken is not None:
                raise self._broken
            self._waiting.append(turn)
            self._changed.notify()
        try:
            while (tokens := turn.arrived.get()) is not None:
                if streamer.write(tokens) != genai.StreamingStatus.RUNNING:
                    break
                self._errands.end(turn)
            turn.left = True
            streamer.end()
        finally:
            turn.left = True
            self._errands.end(turn)
        if turn.failure is not None:
            raise turn.failure
        return turn.cut

    def close(self) -> None:
        """Stop the thread and give the memory back. Nobody waits for an answer any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        del self._pipeline

    def _compute(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._turns or self._waiting or self._closed)
                if self._closed:
                    return
            self._errands.wait(room=len(self._turns) < self._slots)
            with self._changed:
                self._admit()
            try:
                self._step()
            except Exception as error:
                for turn in self._turns:
                    turn.end(error)
                self._turns = []
                if not self._reopened():
                    return

    def _reopened(self) -> bool:
        """Whether there is a pipeline again; without one all who wait, and who come later, are told why."""
        try:
            self._pipeline = self._open()
        except Exception as error:
            with self._changed:
                self._broken = error
                for turn in self._waiting:
                    turn.end(error)
            return False
        return True

    def _admit(self) -> None:
        """Let those in who wait, up to one with a schema that is new; that one only where it is alone."""
        while self._waiting:
            new = self._waiting[0].schema not in {"", *self._followed}
            if new and self._turns:
                return
            turn = self._waiting.popleft()
            if not turn.left:
                self._turns.append(turn)
            if new and self._turns:
                return

    def _step(self) -> None:
        for turn in self._turns:
            turn.begin(self._pipeline, self._numbers)
        self._pipeline.step()
        now = {turn.schema for turn in self._turns}
        self._followed = now if len(self._followed) > _REMEMBERED else self._followed | now
        self._turns = [turn for turn in self._turns if turn.read()]


class Turn:
    """One generation in the batch. Whoever waits for it sets `left` when they do not any more."""

    def __init__(self, ids: ov.Tensor, config: genai.GenerationConfig, errands: Errands) -> None:
        self.arrived: SimpleQueue[list[int] | None] = SimpleQueue()
        self.cut = False
        self.left = False
        self.failure: Exception | None = None
        self.schema = str(config.structured_output_config.json_schema) if config.structured_output_config else ""
        self._ids = ids
        self._config = config
        self._errands = errands
        self._handle: genai.GenerationHandle | None = None

    def begin(self, pipeline: genai.ContinuousBatchingPipeline, numbers: Iterator[int]) -> None:
        """Enter the pipeline, once; leave it where nobody waits any more."""
        if self._handle is None:
            self._handle = pipeline.add_request(next(numbers), self._ids, self._config)
        if self.left:
            self._handle.cancel()

    def read(self) -> bool:
        """Pass on what a step brought; whether there is more to come."""
        assert self._handle is not None
        while self._handle.can_read():
            for output in self._handle.read().values():
                self.cut = output.finish_reason == _CUT
                self._tell(list(output.generated_ids))
        status = self._handle.get_status()
        if status == genai.GenerationStatus.RUNNING:
            return True
        ignored = status == genai.GenerationStatus.IGNORED
        self.end(RuntimeError("keys and values of the prompt have no room") if ignored else None)
        return False

    def end(self, failure: Exception | None) -> None:
        """Nothing comes any more."""
        self.failure = failure
        self._tell(None)

    def _tell(self, tokens: list[int] | None) -> None:
        self._errands.begin(self)
        self.arrived.put(tokens)
        if self.left:  # and will not end it
            self._errands.end(self)


Generator = Single | Batched
