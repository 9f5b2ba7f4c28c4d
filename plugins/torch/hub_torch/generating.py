"""Answers `generate` through the `generate()` of transformers, which keeps keys and values of every architecture.

Its defaults, and those that come with a model, are switched off: tokens are chosen here, as the request says. Knows
nothing of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from hub.errors import ContextOverflow, InputError
from hub.runtime.protocols import Delta, Emit, Generate, Generated, Score, Scored, Session
from hub_torch.computing import computing
from hub_torch.diagnosis import broken, name_origin
from hub_torch.faults import explaining_memory
from hub_torch.library import (
    GenerationConfig,
    GenerationMixin,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)
from hub_torch.loading import Loaded
from hub_torch.running import as_tensor, refuse_outside
from hub_torch.sampling import Chooser
from hub_torch.signature import context_of, inputs_of, limits_of, metadata_of, takes
from hub_torch.speech import SpeechRules

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["GenerateSession"]

HONOURS = frozenset({"max_tokens", "temperature", "top_p", "top_k", "seed", "eos", "suppress"})


class GenerateSession(Session):
    """A model behind `generate`. The prompts of a call are answered together, calls one after the other.

    Parameters
    ----------
    context
        Most tokens of a prompt and its answer; the model's own limit where that is less, or where it is `None`.
    """

    honours = HONOURS

    def __init__(self, loaded: Loaded, threads: int, context: int | None) -> None:
        model: Any = loaded.model  # Any: what every generating model mixes in is not typed
        own = context_of(model)
        limits = [limit for limit in (own, context) if limit is not None]
        self._context = min(limits) if limits else None
        self._model: Any = model
        self._loaded: Loaded | None = loaded
        self._device, self._dtype = loaded.device, loaded.dtype
        self._threads = threads
        self._encodes = bool(model.config.is_encoder_decoder)
        self.inputs = inputs_of(model) if self._encodes else ()
        self.metadata = metadata_of(model, loaded.quantized) | (
            {"context_length": self._context} if self._context else {}
        )
        self._limits = limits_of(model)
        self._vocabulary = int(model.config.get_text_config(decoder=True).vocab_size)
        self._masks = takes(model, "attention_mask") or takes(model, "decoder_attention_mask")
        self._rules = SpeechRules(model)
        model.generation_config = GenerationConfig()  # no default of the model's own stands in for what was not asked

    def generate(self, request: Generate, emit: Emit) -> list[Generated]:
        """Continue every prompt; what comes is emitted token by token, without the one that ends.

        Raises
        ------
        InputError, ContextOverflow
            Ids that the model does not know, feeds that are not one for each prompt, or a prompt without room.
        InferenceError
            Memory ran out, or scores are no numbers: the layer is named.
        """
        self._refuse(request)
        rows = _Rows(request, emit, self._context)
        doing = f"answering {len(request.prompts)} prompts of up to {rows.width} tokens"
        with computing(self._threads), explaining_memory(doing, self._device, "Ask for fewer or shorter answers"):
            feeds = {name: as_tensor(array, self._device, self._dtype) for name, array in request.feeds.items()}
            ids, mask = self._rectangle(request.prompts, rows.width)
            chooser = Chooser(request.sampling, request.suppress, self._device)
            rules = self._rules.of(request.prompts, request.suppress, rows.width)
            chosen = _Chosen(chooser, rules, lambda so_far: self._origin(so_far, mask, feeds))
            settings = GenerationConfig(
                do_sample=False,
                use_cache=True,
                max_new_tokens=rows.most,
                pad_token_id=0,
                decoder_start_token_id=int(ids[0, 0]) if self._encodes else None,
            )
            prefix = "decoder_" if self._encodes else ""
            GenerationMixin.generate(
                self._model,
                **feeds,
                **{f"{prefix}input_ids": ids},
                **({f"{prefix}attention_mask": mask} if self._masks else {}),
                generation_config=settings,
                logits_processor=LogitsProcessorList([chosen]),
                stopping_criteria=StoppingCriteriaList([rows]),
            )
        return rows.results()

    def score(self, request: Score) -> list[Scored]:
        """What the model expects at each place of the given sequences, one after the other: scores are large.

        Raises
        ------
        InputError, ContextOverflow
            Ids that the model does not know, or more tokens than it takes.
        InferenceError
            Memory ran out, or scores are no numbers: the layer is named.
        UsageError
            The model also needs what its encoder hears or reads.
        """
        if self._encodes:
            return super().score(request)
        found = []
        for prompt in request.prompts:
            self._refuse_ids(prompt)
            if self._limits.tokens is not None and len(prompt) > self._limits.tokens:
                raise ContextOverflow(f"{len(prompt)} tokens are more than the {self._limits.tokens} that it takes")
            hint = "Score shorter sequences"
            with computing(self._threads), explaining_memory(f"scoring {len(prompt)} tokens", self._device, hint):
                ids = torch.tensor([prompt], device=self._device)
                scores = self._model(input_ids=ids, use_cache=False).logits[0, :-1].float()
                if broken(scores):
                    raise self._origin(ids, torch.ones_like(ids), {})
                found.append(Scored(ids=tuple(prompt), logprobs=scores.log_softmax(dim=-1).cpu().numpy()))
        return found

    def close(self) -> None:
        """Give the memory back."""
        self._model = self._loaded = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _refuse(self, request: Generate) -> None:
        feeds: dict[str, Array] = dict(request.feeds)
        refuse_outside(feeds, self._limits)
        for name, array in feeds.items():
            if len(array) != len(request.prompts):
                raise InputError(f"{name} holds {len(array)} inputs for {len(request.prompts)} prompts")
        if not self._masks and len({len(prompt) for prompt in request.prompts}) > 1:
            raise InputError(f"{type(self._model).__name__} takes prompts of one length at a time")
        self._refuse_ids([*(i for prompt in request.prompts for i in prompt), *request.suppress])
        longest = max(map(len, request.prompts))
        if self._context is not None and longest >= self._context:
            raise ContextOverflow(
                f"a prompt of {longest} tokens leaves no room in a context of {self._context}",
                hint="Shorten it, or load the model with a larger context_length",
            )

    def _refuse_ids(self, ids: Sequence[int]) -> None:
        if max(ids) >= self._vocabulary:
            raise InputError(f"token id {max(ids)} is not known; the model has {self._vocabulary}")

    def _rectangle(self, prompts: Sequence[Sequence[int]], width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask, int64 (batch, width), padded on the left."""
        ids = torch.zeros(len(prompts), width, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, width - len(prompt) :] = torch.tensor(prompt)
            mask[row, width - len(prompt) :] = 1
        return ids.to(self._device), mask.to(self._device)

    def _origin(self, ids: torch.Tensor, mask: torch.Tensor, feeds: dict[str, torch.Tensor]) -> Exception:
        """The error for scores that are no numbers."""
        prefix = "decoder_" if self._encodes else ""
        grown = torch.nn.functional.pad(mask, (0, ids.shape[1] - mask.shape[1]), value=1)
        masks = {f"{prefix}attention_mask": grown} if self._masks else {}
        return name_origin(
            self._model, lambda: self._model(**feeds, **{f"{prefix}input_ids": ids}, **masks), "the scores"
        )


class _Chosen(LogitsProcessor):
    """Leaves the token that was chosen as the only one, so that the greedy loop of transformers takes it."""

    def __init__(self, chooser: Chooser, rules: list[LogitsProcessor], origin: Any) -> None:  # Any: ids to the error
        self._chooser = chooser
        self._rules = rules
        self._origin = origin

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if broken(scores):
            raise self._origin(input_ids)
        allowed = scores
        for rule in self._rules:
            allowed = rule(input_ids, allowed)
        chosen = self._chooser.choose(allowed)
        return torch.full_like(scores, -torch.inf).scatter_(-1, chosen[:, None], 0.0)


class _Rows(StoppingCriteria):
    """What was generated for each prompt: emits it as it comes, and says which prompts are done."""

    def __init__(self, request: Generate, emit: Emit, context: int | None) -> None:
        lengths = [len(prompt) for prompt in request.prompts]
        self.width = max(lengths)
        asked = request.sampling.max_tokens
        rooms = [None if context is None else context - length for length in lengths]
        limits = [[limit for limit in (asked, room) if limit is not None] for room in rooms]
        self._limits = [min(each) if each else None for each in limits]
        self._lengths, self._emit, self._eos = lengths, emit, frozenset(request.eos)
        self._ids: list[list[int]] = [[] for _ in lengths]
        self._ends: list[str | None] = [None] * len(lengths)

    @property
    def most(self) -> int:
        """Steps after which every prompt is done. A model without any limit goes on until it ends."""
        return max(1 << 30 if limit is None else limit for limit in self._limits)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        for row, token in enumerate(input_ids[:, -1].tolist()):
            if self._ends[row] is None:
                self._take(row, token)
        done = [end is not None for end in self._ends]
        return torch.tensor(done, dtype=torch.bool, device=input_ids.device)

    def results(self) -> list[Generated]:
        """One for each prompt."""
        return [
            Generated(ids=tuple(ids), finish=end or "length", prompt_tokens=length)
            for ids, end, length in zip(self._ids, self._ends, self._lengths, strict=True)
        ]

    def _take(self, row: int, token: int) -> None:
        if token in self._eos:
            self._ends[row] = "stop"
            return
        self._ids[row].append(token)
        if self._emit(Delta(index=row, ids=(token,))):
            self._ends = [end or "cancelled" for end in self._ends]
        elif len(self._ids[row]) == self._limits[row]:
            self._ends[row] = "length"
