"""The step `distill`: what the core asks for, to runs that learn.

Reads options and data, finds teacher and student, and starts as many processes as there are devices. Knows nothing of
losses or steps.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from hub.errors import UsageError
from hub.runtime.protocols import TransformRequest
from hub_distill.alteration import altered
from hub_distill.facts import refusal
from hub_distill.fleet import Solo
from hub_distill.hardware import choose_device
from hub_distill.kinds import KINDS
from hub_distill.learning import Run, learn
from hub_distill.loading import open_tokenizer, read_json
from hub_distill.processes import learn_together
from hub_distill.settings import Settings, read_settings
from hub_distill.texts import make_corpus, texts_of
from hub_distill.tokenization import Windows, hiding, refuse_other_tokens, render

__all__ = ["distill"]

_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.txt", "vocab.json")


def distill(request: TransformRequest) -> None:
    """Have a student learn from its teacher, and write it with the metrics of the run.

    Raises
    ------
    UsageError
        Options, data, teacher and student do not go together.
    InferenceError
        Weights are damaged, a loss is not finite, or the memory ends.
    StorageError
        A checkpoint cannot be written.
    """
    reason = refusal(request.facts, request.options)
    if reason is not None:
        raise UsageError(f"these weights cannot be distilled: {reason}")
    settings = read_settings(request.options, KINDS[request.facts.task])
    run = _run(request, settings)
    if run.corpus.dropped:
        request.tell(f"{run.corpus.dropped} sequences of one token are left out: nothing follows from them")
    count = settings.processes or (torch.cuda.device_count() if run.device == "cuda" else 1)
    if count == 1:
        learn(run, Solo(run.device), request.tell)
    else:
        learn_together(run, count, request.tell)


def _run(request: TransformRequest, settings: Settings) -> Run:
    given = _folder(request)
    teacher, student = _teacher(request, settings, given), settings.student or given
    tokenizer = open_tokenizer(given)
    for role, folder in (("teacher", teacher), ("student", student)):
        if folder != given and any((folder / name).exists() for name in _TOKENIZERS):
            refuse_other_tokens(tokenizer, open_tokenizer(folder), role)
    windows = Windows(tokenizer, read_json(student / "config.json"), settings.max_length)
    special = frozenset(map(int, tokenizer.all_special_ids))
    corpus = make_corpus(
        texts_of(request.inputs, lambda messages: render(tokenizer, messages)),
        windows,
        share=settings.validation,
        seed=settings.seed,
    )
    vocabulary = sorted(set(tokenizer.get_vocab().values()) - special)
    copies = altered(corpus.train, settings.augment, vocabulary=vocabulary, special=special, seed=settings.seed)
    work = request.work if request.work is not None else request.out
    return Run(
        task=request.facts.task,
        teacher=teacher,
        student=student,
        given=given,
        out=request.out,
        work=work,
        settings=settings,
        corpus=replace(corpus, altered=copies),
        device=choose_device(settings.device),
        pad=int(tokenizer.pad_token_id or 0),
        hide=hiding(tokenizer, KINDS[request.facts.task]),
        special=special,
    )


def _folder(request: TransformRequest) -> Path:
    files = request.files
    return files[0].parent if files else request.path


def _teacher(request: TransformRequest, settings: Settings, given: Path) -> Path:
    if settings.teacher is not None:
        if not (settings.teacher / "config.json").is_file():
            raise UsageError(
                f"the teacher {settings.teacher} is no folder of a model: there is no config.json",
                hint="Name the folder that holds config.json and model.safetensors.",
            )
        return settings.teacher
    origin = request.origin
    if origin is None:
        return given
    if origin.facts.format != "safetensors":
        raise UsageError(
            f"the recipe began with {origin.facts.format}, which cannot teach: a teacher has to be safetensors",
            hint="Convert first (safetensors | … | distill), or name one: distill:teacher=FOLDER",
        )
    paths = origin.facts.parts.get(request.part, ())
    return (origin.path / paths[0]).parent if paths else origin.path
