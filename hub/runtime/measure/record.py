"""What is kept and printed of a measure: a plain record for each way of opening an artifact.

Knows nothing of how figures are taken, or of where they are kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from hub import __version__
from hub.runtime.measure.figures import figures_json
from hub.runtime.measure.machine import this_machine
from hub.runtime.measure.ways import way_name
from hub.runtime.planning.recipe import recipe_text
from hub.runtime.transforms.figures import write_figures
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.measure.compression import Compression, Way
    from hub.store.store import Store

__all__ = ["keep_figures", "ratios", "way_json"]


def way_json(way: Way, compression: Compression) -> dict[str, JSON]:
    """One way with its figures, as it is kept and printed; the names are part of the interface."""
    plan, origin = way.subject.plan, way.origin.plan
    content: dict[str, JSON] = {
        "backend": plan.backend,
        "plugin": plan.plugin,
        "device": plan.device,
        "verb": plan.verb,
        "load_steps": recipe_text(plan.load_steps),
        "origin": {
            "variant": origin.variant,
            "recipe": recipe_text(origin.recipe),
            "digest": way.origin.artifact.digest,
            "backend": origin.backend,
        },
    }
    if way.before is None or way.after is None or way.fidelity is None:
        return {**content, "error": way.error.message if way.error else ""}
    return {
        **content,
        "before": figures_json(way.before),
        "after": figures_json(way.after),
        "ratios": cast("JSON", ratios(way)),
        "fidelity": {"figures": dict(way.fidelity.figures), "inputs": way.fidelity.inputs},
        "loss": way.fidelity.loss,
        "data": list(compression.data.content),
        "machine": this_machine().as_json(),
        "hub": __version__,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def ratios(way: Way) -> dict[str, float]:
    """How much less of each cost, and how much more speed: above 1 is better."""
    assert way.before is not None
    assert way.after is not None
    before, after = way.before, way.after
    found = {"size": before.size / max(after.size, 1), "load": before.load_seconds / max(after.load_seconds, 1e-9)}
    if before.memory and after.memory:
        found["memory"] = before.memory / after.memory
    for old in before.speeds:
        for new in after.speeds:
            if (old.batch, old.unit) == (new.batch, new.unit):
                found[f"speed_{old.batch}"] = new.per_second / max(old.per_second, 1e-9)
    return found


def keep_figures(compression: Compression, store: Store) -> None:
    """Keep the figures of every way that could be measured, in place of earlier ones of the same way."""
    digest = compression.subject.artifact.digest
    figures: dict[str, JSON] = {
        way_name(way.subject.plan): way_json(way, compression) for way in compression.ways if way.error is None
    }
    if digest:
        write_figures(store, digest, figures)
