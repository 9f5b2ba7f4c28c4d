"""The steps: batch, teacher's answer, student's answer, loss, gradient, update; validations and checkpoints between.

Everything that a step does follows from the seed and its number, so that a run which is taken up from a checkpoint ends
where it would have ended. Knows nothing of files but the checkpoint, and nothing of how a student is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hub.errors import InferenceError
from hub_distill.checkpoint import Best, Checkpoint, forget, read_checkpoint, write_checkpoint
from hub_distill.faults import guilty_gradient, guilty_layer
from hub_distill.fleet import Fleet
from hub_distill.hardware import autocast, explaining_memory
from hub_distill.lessons import Lessons, Teacher
from hub_distill.losses import Comparison
from hub_distill.optimization import make_optimizer, rate_at, set_rate
from hub_distill.order import Order
from hub_distill.progress import Progress
from hub_distill.pupil import Pupil
from hub_distill.settings import Settings
from hub_distill.signals import Batch, Collator, Signals
from hub_distill.texts import Corpus
from hub_distill.validation import Validation

__all__ = ["Outcome", "Trainer"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a run ended: the best student's step and validation loss, that of the start, and the lines of metrics."""

    best: Best
    start: float
    history: list[dict[str, float]]


class Trainer:
    """One run.

    Parameters
    ----------
    work
        Folder for checkpoints.
    fingerprint
        Of everything that decides the run.
    """

    def __init__(
        self,
        pupil: Pupil,
        teacher: Teacher,
        corpus: Corpus,
        collate: Collator,
        comparison: Comparison,
        settings: Settings,
        fleet: Fleet,
        *,
        validation: Validation,
        work: Path,
        fingerprint: str,
        tell: Callable[[str], None],
    ) -> None:
        self.pupil, self.teacher, self.corpus, self.collate = pupil, teacher, corpus, collate
        self.comparison, self.settings, self.fleet, self.validation = comparison, settings, fleet, validation
        self.work, self.fingerprint, self.tell = work, fingerprint, tell
        self.learnt = corpus.learnt
        self.order = Order([len(each["input_ids"]) for each in self.learnt], settings.batch_size, settings.seed)
        self.total = settings.total(len(corpus.train))
        draws = self.total * self.order.size
        self.lessons = Lessons(teacher, self.learnt, collate, size=settings.batch_size, draws=draws)
        self.joined = fleet.join(pupil)
        self.optimizer = make_optimizer(pupil.parameters(), settings, fleet.device)
        self.history: list[dict[str, float]] = []
        self.best = Best(step=0, loss=math.inf, weights={})

    def run(self) -> Outcome:
        """Learn to the end.

        Raises
        ------
        InferenceError
            A loss or gradient is not finite, or the memory ends. The checkpoint goes too in the first case.
        """
        first = self._resume()
        progress = Progress(self.tell if self.fleet.rank == 0 else _nothing, total=self.total, done=first)
        validate, save = self.settings.pauses(self.total)
        if first == 0:
            self._validate(0, None, progress)
        for step in range(first, self.total):
            loss = self._step(step)
            done = step + 1
            if done % validate == 0 or done == self.total:
                self._validate(done, loss, progress)
            else:
                progress.step(done, loss)
            if done % save == 0 and done < self.total:
                self._save(done)
        start = next(line["validation"] for line in self.history if "validation" in line)
        return Outcome(best=self.best, start=start, history=self.history)

    def _step(self, step: int) -> float:
        places = self.order.at(step)
        whole = [self.learnt[place] for place in places]
        mine = places[self.fleet.rank :: self.fleet.world]
        batch = self.collate([self.learnt[place] for place in mine], f"{step} {self.fleet.rank}")
        answer = self.lessons.of(mine, batch)
        set_rate(self.optimizer, rate_at(step, self.total, self.settings))
        self.optimizer.zero_grad()
        doing = f"a step of {len(mine)} sequences of up to {batch.mask.shape[1]} tokens"
        with explaining_memory(doing, self.fleet.device):
            means = self._means(batch, answer, [len(each["input_ids"]) for each in whole])
            loss = self.comparison.total(means)
            line = self._shared({"loss": loss.detach(), **{name: value.detach() for name, value in means.items()}})
            self._refuse_not_finite(step, line["loss"], batch)
            torch.autograd.backward(loss * self.fleet.world)
            norm = self._clipped()
            if not math.isfinite(norm):
                self._fail(step, "the gradient", guilty_gradient(self.pupil.model))
            self.optimizer.step()
        epoch = (step + 1) / self.order.steps_per_epoch
        rate = self.optimizer.param_groups[0]["lr"]
        self.history.append({"step": step + 1, "epoch": epoch, "rate": rate, "gradient": norm, **line})
        return line["loss"]

    def _means(self, batch: Batch, answer: Signals, lengths: list[int]) -> dict[str, Tensor]:
        """Part of each loss that this process has, which is a mean over the rows of the whole batch."""
        with autocast(self.fleet.device, self.teacher.precision):
            ours: Signals = self.joined(batch)
        follows = batch.next_tokens() if self.comparison.alphas.labels else None
        sums = self.comparison.sums(ours, answer, follows)
        return {name: value / self.comparison.rows(name, lengths, self.pupil.kind) for name, value in sums.items()}

    def _shared(self, values: dict[str, Tensor]) -> dict[str, float]:
        """Sums over all processes, as numbers."""
        stacked = self.fleet.total(torch.stack(list(values.values())))
        return dict(zip(values, stacked.tolist(), strict=True))

    def _clipped(self) -> float:
        """The norm of the gradient before it is limited."""
        most = self.settings.clip or math.inf
        return float(torch.nn.utils.clip_grad_norm_(self.pupil.parameters(), most))

    def _validate(self, done: int, loss: float | None, progress: Progress) -> None:
        means = self.validation.measure(self.pupil)
        found = means["validation"]
        if not math.isfinite(found):
            self._fail(done - 1, "the validation loss", None)
        self.history.append({"step": done, **means})
        if found < self.best.loss:
            self.best = Best(step=done, loss=found, weights=self.pupil.copied())
        progress.validated(done, loss, found, self.best.loss, self.best.step)

    def _refuse_not_finite(self, step: int, loss: float, batch: Batch) -> None:
        if math.isfinite(loss):
            return
        with autocast(self.fleet.device, self.teacher.precision):
            layer = guilty_layer(self.pupil.model, batch)
        self._fail(step, "the loss", layer)

    def _fail(self, step: int, what: str, layer: str | None) -> None:
        self.fleet.wait()
        forget(self.work)
        raise InferenceError(
            f"{what} is not finite at step {step + 1} of {self.total}"
            + (f": layer '{layer}' of the student gives values that are not" if layer else "")
            + ". Nothing is kept",
            hint=f"Lower the learning rate (learning_rate={self.settings.learning_rate / 5:g}), "
            "or compute in more bits (precision=float32).",
        )

    def _save(self, done: int) -> None:
        if self.fleet.rank:
            return
        checkpoint = Checkpoint(
            fingerprint=self.fingerprint,
            step=done,
            weights=self.pupil.copied(),
            optimizer=self.optimizer.state_dict(),
            best=self.best,
            history=self.history,
            random={"cpu": torch.get_rng_state()},
        )
        write_checkpoint(self.work, checkpoint)

    def _resume(self) -> int:
        """The step to begin at."""
        found = read_checkpoint(self.work, self.fingerprint)
        self.fleet.wait()
        if found is None:
            return 0
        self.pupil.take(found.weights)
        self.optimizer.load_state_dict(found.optimizer)
        torch.set_rng_state(found.random["cpu"])
        self.history, self.best = found.history, found.best
        if self.fleet.rank == 0:
            self.tell(f"going on at step {found.step} of {self.total}, where an earlier try was stopped")
        return found.step


def _nothing(_: str) -> None:
    return None
