"""What is kept of a measure: a plain record for each way of opening an artifact, in the artifact's lineage.

An artifact that no step made (a variant that a backend compresses while it opens) has a small file of its own.
Knows nothing of how figures are taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hub import __version__
from hub.runtime.measure.figures import figures_json
from hub.runtime.measure.machine import this_machine
from hub.runtime.measure.ways import way_name
from hub.runtime.planning.recipe import recipe_text
from hub.runtime.transforms.lineage import chain_of, write_lineage
from hub.store.blobs import write_json
from hub.store.layout import storage_errors
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.measure.compression import Compression, Way
    from hub.store.store import Store

__all__ = ["keep_figures", "ratios", "read_figures", "way_json"]


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
    """Write the figures of every way into the lineage of the artifact, in place of earlier ones of the same way."""
    artifact = compression.subject.artifact
    figures: dict[str, JSON] = {
        way_name(way.subject.plan): way_json(way, compression) for way in compression.ways if way.error is None
    }
    chain = chain_of(store, artifact.digest)
    if chain:
        write_lineage(store, replace(chain[-1], figures={**chain[-1].figures, **figures}))
    elif artifact.digest:
        path = _path(store, artifact.digest)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, {**read_figures(store, artifact.digest), **figures})


def read_figures(store: Store, digest: str) -> Mapping[str, JSON]:
    """What was measured of an artifact, by the name of the way; empty where nothing was."""
    chain = chain_of(store, digest)
    if chain:
        return chain[-1].figures
    try:
        content = json.loads(_path(store, digest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _path(store: Store, digest: str) -> Path:
    return store.layout.root / "figures" / f"{digest.removeprefix('sha256:')}.json"
