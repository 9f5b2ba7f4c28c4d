"""The options of a distillation, read and checked against each other. Standard library alone.

Knows nothing of weights or data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from hub.errors import OptionError
from hub.types import OptionValue
from hub_distill.kinds import Kind

__all__ = ["Alphas", "Settings", "layer_pairs", "read_settings"]

_EPOCHS = 10.0
_RATES = {"adamw": 5e-4, "sgd": 5e-2}
_GENTLER = 5  # language models are trained at a fraction of the rate of encoders
_PAIR = re.compile(r"(\d+):(\d+)")
_COPIES = 3
_PARTS = 10  # of a run, with a validation after each


@dataclass(frozen=True, kw_only=True, slots=True)
class Alphas:
    """Weights of the losses."""

    logits: float
    hidden: float
    cosine: float
    labels: float

    @property
    def states(self) -> bool:
        """Whether hidden states are compared."""
        return self.hidden > 0 or self.cosine > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Options of the step, resolved. See `hub_distill.plugin` for what each one does."""

    teacher: Path | None
    student: Path | None
    keep_layers: int | None
    keep_ffn: float | None
    steps: int | None
    epochs: float
    batch_size: int
    max_length: int
    augment: int
    validation: float
    validate_every: int | None
    checkpoint_every: int | None
    learning_rate: float
    optimizer: str
    momentum: float
    weight_decay: float
    schedule: str
    warmup: float
    clip: float
    embeddings: str
    seed: int
    temperature: float
    alphas: Alphas
    layer_map: tuple[str, ...]
    device: str
    precision: str
    processes: int | None

    def total(self, sequences: int) -> int:
        """Optimizer steps over that many sequences of training data."""
        if self.steps is not None:
            return self.steps
        return max(1, math.ceil(self.epochs * max(1, sequences // self.batch_size)))

    def pauses(self, total: int) -> tuple[int, int]:
        """Steps between validations and between checkpoints, in a run of `total` steps."""
        validate = self.validate_every or max(1, total // _PARTS)
        return validate, self.checkpoint_every or validate


def read_settings(options: Mapping[str, OptionValue], kind: Kind) -> Settings:
    """Settings of the options that the core resolved.

    Raises
    ------
    OptionError
        Two options exclude each other, or one does not apply to this kind of model.
    """
    _refuse_clashes(options, kind)
    names = Settings.__dataclass_fields__.keys() - {"alphas", "learning_rate", "epochs", "layer_map", "augment"}
    given: dict[str, Any] = {name: options[name] for name in names}  # Any: of the types that the spec declares
    optimizer = str(options["optimizer"])
    rate = options["learning_rate"]
    base = _RATES[optimizer] / (_GENTLER if kind.generates else 1)
    maps = cast("list[str]", options["layer_map"] or [])
    return Settings(
        **given,
        augment=_copies(options, kind),
        epochs=float(cast("float", options["epochs"] or _EPOCHS)),
        learning_rate=base if rate is None else float(cast("float", rate)),
        alphas=_alphas(options, kind),
        layer_map=tuple(maps) or ("last",),
    )


def layer_pairs(layer_map: tuple[str, ...], student: int, teacher: int) -> tuple[tuple[int, int], ...]:
    """Which hidden states are compared: (student's layer, teacher's layer), counted from 1; the last pair always.

    Raises
    ------
    OptionError
        A layer is named that is not there, or the map is none.
    """
    last = (student, teacher)
    if layer_map == ("last",):
        return (last,)
    if layer_map == ("even",):
        return tuple((layer, round(layer * teacher / student)) for layer in range(1, student + 1))
    pairs = {last}
    for text in layer_map:
        found = _PAIR.fullmatch(text.strip())
        if found is None:
            raise OptionError(
                f"option 'layer_map' is 'last', 'even' or pairs, not '{text}'", hint="Write layer_map=1:2,layer_map=2:4"
            )
        pair = (int(found[1]), int(found[2]))
        if not (1 <= pair[0] <= student and 1 <= pair[1] <= teacher):
            raise OptionError(
                f"layer_map={text}: the student has layers 1 to {student}, the teacher layers 1 to {teacher}"
            )
        pairs.add(pair)
    return tuple(sorted(pairs))


def _refuse_clashes(options: Mapping[str, OptionValue], kind: Kind) -> None:
    if options["steps"] is not None and options["epochs"] is not None:
        raise OptionError("steps and epochs both say how long to learn", hint="Give one of them.")
    for name in ("keep_layers", "keep_ffn"):
        if options["student"] is not None and options[name] is not None:
            raise OptionError(f"student names a model, and {name} would make another one", hint="Give one of them.")
    if options["alpha_logits"] and not kind.logits:
        raise OptionError("alpha_logits is for models that give logits, and this one gives hidden states")
    if options["alpha_labels"] and not kind.generates:
        raise OptionError("alpha_labels is for language models: other texts bring no labels")
    if options["alpha_labels"] and options["augment"]:
        raise OptionError("augment changes words, after which the text no longer says what follows (alpha_labels)")
    if options["layer_map"] and not _alphas(options, kind).states:
        raise OptionError("layer_map says which hidden states to compare, and none are", hint="Add alpha_hidden=1")
    weights = _alphas(options, kind)
    if not (weights.logits or weights.states or weights.labels):
        raise OptionError("every loss has the weight 0, so that there is nothing to learn", hint="Leave alphas out.")


def _copies(options: Mapping[str, OptionValue], kind: Kind) -> int:
    """Altered copies of each sequence: states of an encoder say something of any tokens."""
    given = options["augment"]
    if given is None:
        return 0 if kind.logits else _COPIES
    return int(cast("int", given))


def _alphas(options: Mapping[str, OptionValue], kind: Kind) -> Alphas:
    def weight(name: str, default: float) -> float:
        value = options[name]
        return default if value is None else float(cast("float", value))

    encoder = 0.0 if kind.logits else 1.0
    return Alphas(
        logits=weight("alpha_logits", 1 - encoder),
        hidden=weight("alpha_hidden", encoder),
        cosine=weight("alpha_cosine", encoder),
        labels=weight("alpha_labels", 0),
    )
