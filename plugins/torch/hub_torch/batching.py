"""Answers generations of several callers in one batch, joined and left at any time, as transformers batches them.

Knows nothing of text, nor of how a token is chosen.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import ceil
from queue import SimpleQueue
from typing import Any

import torch

from hub.errors import InferenceError
from hub.runtime.protocols import Delta, Emit, Generate, Generated, Sampling, Score, Scored
from hub_torch.choosing import Choosing
from hub_torch.generating import GenerateSession
from hub_torch.hush import hushed
from hub_torch.library import GenerationConfig, quiet
from hub_torch.loading import Loaded
from hub_torch.sampling import Chooser

with hushed():
    from transformers import ContinuousBatchingConfig

__all__ = ["BatchedSession"]

_PAGE = 256
"""Tokens of a page of keys and values; kernels of Flash Attention take no fewer."""
_STEP = 512
"""Tokens of prompts that one step reads, so that the answers that are under way go on meanwhile."""
_CONTEXT = 4096
_TRIES = 20
_PATIENCE = 0.2
"""Seconds between two looks whether the thread that computes is still there."""

Arrived = SimpleQueue[tuple[int, Any]]  # place of the prompt, and Any: GenerationOutput, or why there is none


class BatchedSession(GenerateSession):
    """A decoder behind `generate`, for several calls at once.

    Parameters
    ----------
    slots
        Calls at once, each with room for a whole context.

    Raises
    ------
    InferenceError
        Models of this kind have no continuous batching.
    """

    def __init__(self, loaded: Loaded, threads: int, context: int | None, slots: int) -> None:
        super().__init__(loaded, threads, context)
        self.concurrency = slots
        self._before = torch.get_num_threads()
        torch.set_num_threads(threads)  # while it is open: a thread of transformers computes
        self._choosing = Choosing()
        self._numbers = itertools.count()
        self._waiting: dict[str, tuple[int, Arrived]] = {}
        self._closed = threading.Event()
        self._manager = self._started()
        self._listener = threading.Thread(target=self._listen, name="hub-torch-batch", daemon=True)
        self._listener.start()
        try:
            self.generate(Generate(prompts=((0,),), sampling=Sampling(max_tokens=1)), lambda _: False)
        except InferenceError:
            self.close()
            raise

    def generate(self, request: Generate, emit: Emit) -> list[Generated]:
        """As `GenerateSession.generate`, beside the calls of others.

        Raises
        ------
        InputError, ContextOverflow
            As there.
        InferenceError
            A step failed, and with it all that was under way.
        """
        self._refuse(request)
        arrived: Arrived = SimpleQueue()
        answers = [Answer(len(prompt), frozenset(request.eos)) for prompt in request.prompts]
        names = [self._begin(index, prompt, request, arrived) for index, prompt in enumerate(request.prompts)]
        try:
            while not all(answer.finish for answer in answers):
                index, output = arrived.get()
                if isinstance(output, InferenceError):
                    raise output
                if answers[index].take(output, index, emit):
                    for answer in answers:
                        answer.finish = answer.finish or "cancelled"
        finally:
            for name, answer in zip(names, answers, strict=True):
                self._leave(name, ended=answer.ended)
        return [answer.result() for answer in answers]

    def score(self, request: Score) -> list[Scored]:
        """As `GenerateSession.score`, between two steps."""
        with self._manager.pause():
            return super().score(request)

    def close(self) -> None:
        """Stop the threads and give the memory back."""
        self._closed.set()
        self._listener.join()
        self._manager.stop()
        self._manager = None
        torch.set_num_threads(self._before)
        super().close()

    def _started(self) -> Any:  # Any: ContinuousBatchingManager
        if not getattr(self._model, "_supports_attention_backend", False):
            raise InferenceError(f"transformers cannot batch {type(self._model).__name__}")
        room = self._context or _CONTEXT
        sizes = ContinuousBatchingConfig(
            page_size=_PAGE,
            num_blocks=self.concurrency * ceil(room / _PAGE),
            max_batch_tokens=max(_STEP, self.concurrency),
            max_requests_per_batch=self.concurrency,
            use_async_batching=False,  # tokens are chosen here, so a step needs those of the one before
            use_cuda_graph=False,
        )
        settings = GenerationConfig(do_sample=False, eos_token_id=-1, max_new_tokens=room)
        try:
            with quiet(), torch.random.fork_rng(enabled=True):  # it gives the process a seed of its own
                manager = self._model.init_continuous_batching(settings, sizes)
                manager.logit_processor = self._choosing.alone()
                manager.warmup()  # which makes room for keys and values
            manager.start()
        except (AttributeError, TypeError, ValueError) as error:
            raise InferenceError(f"transformers cannot batch {type(self._model).__name__}: {error}") from error
        return manager

    def _begin(self, index: int, prompt: Sequence[int], request: Generate, arrived: Arrived) -> str:
        name = str(next(self._numbers))
        room = None if self._context is None else self._context - len(prompt)
        limits = [limit for limit in (request.sampling.max_tokens, room) if limit is not None]
        self._waiting[name] = index, arrived
        seed = request.sampling.seed
        sampling = replace(
            request.sampling, seed=None if seed is None else seed + index
        )  # prompts differ in their luck
        self._choosing.choosers[name] = Chooser(sampling, request.suppress, self._device)
        ends, most = list(request.eos) or -1, min(limits, default=None)
        for _ in range(_TRIES):
            added = self._manager.add_request(
                list(prompt), request_id=name, max_new_tokens=most, streaming=True, eos_token_id=ends
            )
            if added is not None:
                return name
            time.sleep(_PATIENCE)  # a step has failed, and the batch begins anew in a moment
        arrived.put((index, InferenceError("the batch does not begin anew", hint="Load the model again")))
        return name

    def _leave(self, name: str, *, ended: bool) -> None:
        self._waiting.pop(name, None)
        self._choosing.choosers.pop(name, None)
        if not ended:
            self._manager.cancel_request(name)

    def _listen(self) -> None:
        while not self._closed.is_set():
            output = self._manager.get_result(timeout=_PATIENCE)
            if output is not None:
                index, arrived = self._waiting.get(output.request_id, (0, None))
                if arrived is not None:
                    arrived.put((index, output))
            elif not self._manager.is_running():
                self._again()

    def _again(self) -> None:
        """The thread that computes has ended by what it raised: say so to all, and begin anew."""
        cause = self._choosing.failure or self._manager.background_thread_status.fatal_error
        self._choosing.failure = None
        for index, arrived in list(self._waiting.values()):
            arrived.put((index, InferenceError(f"a step of the batch failed: {cause}")))
        with suppress(Exception), quiet():  # where it does not begin anew, it is tried again at the next look
            self._manager.stop()
            self._manager = self._started()


class Answer:
    """What has come for one prompt."""

    def __init__(self, length: int, eos: frozenset[int]) -> None:
        self._length = length
        self._eos = eos
        self._ids: list[int] = []
        self.finish = ""
        self.ended = False

    def take(self, output: Any, index: int, emit: Emit) -> bool:  # Any: GenerationOutput
        """Tell the tokens that are new; whether no more are wanted.

        Raises
        ------
        InferenceError
            The request failed.
        """
        self.ended = output.is_finished()
        if output.error:
            raise InferenceError(f"a step of the batch failed: {output.error}")
        for token in output.generated_tokens[len(self._ids) :]:
            if token in self._eos:
                self.finish = "stop"
                return False
            self._ids.append(token)
            if emit(Delta(index=index, ids=(token,))):
                return True
        if self.ended:
            self.finish = "length"
        return False

    def result(self) -> Generated:
        """All of it."""
        return Generated(ids=tuple(self._ids), finish=self.finish, prompt_tokens=self._length)
