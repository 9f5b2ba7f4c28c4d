"""Shows where derived weights come from: each step, what it was done to and by, and what was measured of the result.

Reads what the store recorded, or what lies beside an exported artifact. Knows nothing of how steps are done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hub.cli.output import human_size
from hub.runtime.references.target import record_name
from hub.runtime.transforms.export import LINEAGE, lineage_json
from hub.runtime.transforms.figures import read_figures
from hub.runtime.transforms.lineage import chain_of
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.references.target import Target
    from hub.store.store import Store

__all__ = ["FIGURES", "STEPS", "derived", "figure_rows", "step_rows"]

STEPS = ("made here", "step", "of", "by", "options", "learned from", "size")
FIGURES = ("measured", "on", "loss", "fidelity", "size", "load", "memory", "speed")

Derived = Mapping[str, Any]  # Any: JSON as it was recorded


def derived(target: Target, store: Store) -> list[Derived]:
    """What was made of a model on this machine, or is told beside a folder: `name`, `digest`, `steps`, `figures`."""
    if target.root is not None:
        return list(_beside(target))
    found: list[Derived] = []
    for record in store.records():
        variant = record.variant.partition("+")[0]
        if record.model != record_name(target) or target.variant not in {None, variant}:
            continue
        chain = [lineage_json(lineage) for lineage in chain_of(store, record.digest)]
        figures = read_figures(store, record.digest)
        if chain or figures:
            found.append({"name": record.variant, "digest": record.digest, "steps": chain, "figures": figures})
    return found


def step_rows(made: list[Derived]) -> list[list[str]]:
    """Each step of each artifact."""
    return [
        [
            str(each["name"]),
            _last(str(step.get("recipe", ""))),
            _short(str(step.get("parent", ""))),
            f"{step.get('plugin', '?')} {step.get('version', '')}".strip(),
            ", ".join(f"{name}={value}" for name, value in _mapping(step.get("options")).items() if value is not None),
            ", ".join(_short(value) for value in _contents(step)),
            human_size(sum(int(file.get("size") or 0) for file in step.get("files", ()))),
        ]
        for each in made
        for step in each["steps"]
    ]


def figure_rows(made: list[Derived]) -> list[list[str]]:
    """What was measured of each artifact, on each backend."""
    rows: list[list[str]] = []
    for each in made:
        for way, found in _mapping(each["figures"]).items():
            ratios = _mapping(_mapping(found).get("ratios"))
            fidelity = _mapping(_mapping(_mapping(found).get("fidelity")).get("figures"))
            speeds = {name: value for name, value in ratios.items() if name.startswith("speed_")}
            rows.append(
                [
                    str(each["name"]),
                    str(way),
                    _number(_mapping(found).get("loss")),
                    ", ".join(f"{name} {_number(value)}" for name, value in fidelity.items()),
                    *(_times(ratios.get(name)) for name in ("size", "load", "memory")),
                    ", ".join(f"{_times(value)} (batch {name.partition('_')[2]})" for name, value in speeds.items()),
                ]
            )
    return rows


def _beside(target: Target) -> Iterator[Derived]:
    """The lineage that lies in a folder; nothing where there is none, or what lies there is none."""
    assert target.root is not None
    try:
        content = json.loads((target.root / LINEAGE).read_text(encoding="utf-8"))
        steps = [dict(step) for step in content["steps"]]
    except (OSError, ValueError, KeyError, TypeError):
        return
    figures: JSON = steps[-1].get("figures", {}) if steps else {}
    yield {"name": target.root.name, "digest": content.get("digest", ""), "steps": steps, "figures": figures}


def _contents(step: Derived) -> Iterator[str]:
    for value in _mapping(step.get("content")).values():
        yield from map(str, value if isinstance(value, list) else [value])


def _mapping(value: object) -> Mapping[str, Any]:  # Any: JSON
    return value if isinstance(value, Mapping) else {}


def _last(recipe: str) -> str:
    return recipe.rpartition("|")[2].strip()


def _short(digest: str) -> str:
    """As much of a digest as tells it from others."""
    return digest.removeprefix("sha256:")[:12]


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "?"


def _times(value: object) -> str:
    return f"{value:.2f} ×" if isinstance(value, int | float) else "-"
