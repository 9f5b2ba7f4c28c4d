"""The plan: the resolved choice of how to run a model, as ids and values that pickle.

Knows nothing of how it is made: that is `hub.runtime.planning.planner`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.runtime.planning.candidates import Rejected
from hub.runtime.planning.recipe import Loaded, Step
from hub.types import Estimate, Facts, OptionValue, WeightFile

__all__ = ["Plan", "Tuned"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """That a plan was measured to be the best here.

    Parameters
    ----------
    goal
        What for: `latency`, `throughput` or `memory`.
    gain
        How many times better than the plan that is made otherwise; 1 where it is the same.
    made
        ISO 8601 time in UTC.
    max_loss
        What it was allowed to lose; `None` where only lossless ways came into question.
    measured
        How many ways were measured.
    """

    goal: str
    gain: float
    made: str
    max_loss: float | None
    measured: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The resolved choice. Ids and values only: it pickles.

    Parameters
    ----------
    files
        What has to be on disk: the variant's files, before the recipe.
    recipe
        Transforms that are run on them; empty where the variant is opened as it is.
    load_steps
        The end of the recipe, which the backend does while it opens.
    steps
        Steps that the variant's maker already did.
    plugin
        Distribution and version of the backend's plugin: `openmodelhub-onnx 0.1.0`.
    facts, source
        Of the weights that are opened, and of the variant's files; the same where the recipe is empty.
    options
        Load options of the backend, resolved.
    free_memory
        Bytes that are free on the device; `None` where nobody knows.
    download
        Bytes that are not on this machine yet.
    notes
        What the person should know about the choice.
    tuned
        Set where the plan is what `hub tune` found.
    rejected
        Every other way, with its reason, in order of preference.
    """

    reference: str
    model: str
    variant: str
    precision: str = ""
    files: tuple[WeightFile, ...]
    steps: tuple[str, ...] = ()
    recipe: tuple[Step, ...] = ()
    load_steps: tuple[Loaded, ...] = ()
    backend: str
    plugin: str
    device: str
    verb: str
    model_plugin: str
    task: str
    facts: Facts
    source: Facts
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    estimate: Estimate
    free_memory: int | None
    download: int
    notes: tuple[str, ...] = ()
    tuned: Tuned | None = None
    rejected: tuple[Rejected, ...] = ()
