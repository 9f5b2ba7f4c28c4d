"""One process of a distillation, from folders to the files of the student.

Opens teacher and student, makes the student smaller where that was asked for, has it learn, and writes down the one
that validated best. Knows nothing of tokenizers: what it is given are sequences of tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from hub.errors import UsageError
from hub_distill.checkpoint import forget
from hub_distill.fleet import Fleet
from hub_distill.hardware import choose_precision, explaining_memory
from hub_distill.kinds import KINDS, Kind
from hub_distill.lessons import Teacher
from hub_distill.loading import Opened, open_model, read_json, use_plain_attention, write_model
from hub_distill.losses import Comparison
from hub_distill.metrics import write_metrics, write_plot
from hub_distill.pupil import Pupil, hidden_width, refuse_unlike
from hub_distill.reduction import reduced
from hub_distill.settings import Settings, layer_pairs
from hub_distill.shapes import layers_of
from hub_distill.signals import Collator
from hub_distill.texts import Corpus
from hub_distill.training import Outcome, Trainer
from hub_distill.validation import Validation, teacher_scales

__all__ = ["Run", "learn"]

_SHORT = 256
"""Tokens up to which torch's fused attention takes longer on a CPU than attention in plain products, most of it on the
way back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """All that a process needs; it pickles.

    Parameters
    ----------
    teacher, student
        Folders. The student is made of what is in its folder.
    given
        Folder of the weights that reached the step; a config that differs from the one there is written.
    pad, hide, special
        Ids of tokens: what fills up, what stands for a hidden one (or nothing), and those that are never hidden.
    """

    task: str
    teacher: Path
    student: Path
    given: Path
    out: Path
    work: Path
    settings: Settings
    corpus: Corpus
    device: str
    pad: int
    hide: int | None
    special: frozenset[int]


def learn(run: Run, fleet: Fleet, tell: Callable[[str], None]) -> None:
    """Do the whole run; the first process writes `out`.

    Raises
    ------
    UsageError
        Teacher and student do not go together.
    InferenceError
        Weights are damaged, a loss is not finite, or the memory ends.
    """
    say = tell if fleet.rank == 0 else lambda _: None
    with explaining_memory("opening teacher and student", fleet.device):
        trainer, opened, pupil = _prepare(run, fleet, say)
    outcome = trainer.run()
    if fleet.rank == 0:
        _write(run, opened, pupil, outcome)
        say(_summary(outcome))
        forget(run.work)
    fleet.wait()


def _prepare(run: Run, fleet: Fleet, say: Callable[[str], None]) -> tuple[Trainer, Opened, Pupil]:
    settings, kind = run.settings, KINDS[run.task]
    master = open_model(run.teacher, kind, "teacher")
    opened = _student(run, kind)
    if fleet.device.type == "cpu" and settings.max_length <= _SHORT:
        for each in (opened, master):
            use_plain_attention(each.model)
    shared = refuse_unlike(opened.model, master.model, kind)
    frozen = settings.embeddings == "freeze" or (settings.embeddings == "auto" and shared)
    last = tuple(layers_of(each.model.config.to_dict())[1] for each in (opened, master))
    pairs = layer_pairs(settings.layer_map, *last) if settings.alphas.states else ()
    precision = choose_precision(settings.precision, fleet.device.type)
    ours, theirs = [ours for ours, _ in pairs], [theirs for _, theirs in pairs]
    teacher = Teacher(master.model, kind, theirs, last[1], fleet.device, precision)
    width = hidden_width(master.model)
    pupil = Pupil(opened.model, kind, ours, last[0], width=width, frozen=frozen, seed=settings.seed)
    pupil.to(fleet.device)
    collate = Collator(fleet.device, pad=run.pad, hide=run.hide, keep=run.special, seed=settings.seed)
    sequences = run.corpus.validation
    scales = teacher_scales(teacher, sequences, collate, settings.batch_size)
    comparison = Comparison(alphas=settings.alphas, temperature=settings.temperature, scales=scales)
    say(_plan(run, pupil, master, precision, fleet))
    trainer = Trainer(
        pupil,
        teacher,
        run.corpus,
        collate,
        comparison,
        settings,
        fleet,
        validation=Validation(teacher, sequences, collate, comparison, fleet, settings.batch_size),
        work=run.work,
        fingerprint=_fingerprint(run, pupil, precision, fleet),
        tell=say,
    )
    if trainer.order.size < fleet.world:
        raise UsageError(
            f"{fleet.world} processes cannot share a batch of {trainer.order.size}", hint="Raise batch_size."
        )
    return trainer, opened, pupil


def _student(run: Run, kind: Kind) -> Opened:
    settings = run.settings
    opened = open_model(run.student, kind, "student")
    if settings.keep_layers is None and settings.keep_ffn is None:
        return opened
    return reduced(opened, kind, layers=settings.keep_layers, width=settings.keep_ffn)


def _write(run: Run, opened: Opened, pupil: Pupil, outcome: Outcome) -> None:
    pupil.take(outcome.best.weights)
    write_model(opened, run.out, read_json(run.given / "config.json"))
    write_metrics(run.out, outcome.history)
    write_plot(run.out, outcome.history, outcome.best.step)


def _plan(run: Run, pupil: Pupil, master: Opened, precision: torch.dtype, fleet: Fleet) -> str:
    sizes = [sum(each.numel() for each in model.parameters()) for model in (pupil.model, master.model)]
    learnt = sum(each.numel() for each in pupil.learnt().values())
    copies = f" and {len(run.corpus.altered)} altered ones" if run.corpus.altered else ""
    where = str(fleet.device) if fleet.world == 1 else f"{fleet.world} processes on {fleet.device.type}"
    return (
        f"a student of {sizes[0] / 1e6:.1f} M parameters ({learnt / 1e6:.1f} M learn) and a teacher of "
        f"{sizes[1] / 1e6:.1f} M; {len(run.corpus.train)} sequences to learn on{copies}, {len(run.corpus.validation)} "
        f"to validate on; {where}, {str(precision).removeprefix('torch.')}"
    )


def _summary(outcome: Outcome) -> str:
    if outcome.best.step == 0:
        return f"no step made the student better than it was (validation {outcome.start:.4f}); it is kept as it was"
    return f"kept the student of step {outcome.best.step}: validation {outcome.start:.4f} -> {outcome.best.loss:.4f}"


def _fingerprint(run: Run, pupil: Pupil, precision: torch.dtype, fleet: Fleet) -> str:
    shapes = [(name, tuple(value.shape)) for name, value in pupil.learnt().items()]
    plain = replace(run.settings, processes=None)
    content = (run.task, plain, run.corpus, shapes, str(precision), fleet.device.type, fleet.world)
    return hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).hexdigest()
