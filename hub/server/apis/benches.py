"""`GET /hub/v1/benches`: what `hub bench`, `hub tune` and `hub compress` measured on this machine, as points."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from hub.registry.catalogue import load_catalogue
from hub.registry.names import key
from hub.runtime.transforms.figures import read_figures
from hub.runtime.tuning.benches import kept_benches
from hub.server.access.guard import Caller
from hub.server.service import Service, caller_of
from hub.server.web import Request, Response, json_response
from hub.store.store import Store
from hub.types import JSON

__all__ = ["list_benches"]

Document = Mapping[str, Any]  # Any: JSON as it was kept


async def list_benches(request: Request, _: Service) -> Response:
    """What was measured of the models that this caller may use."""
    caller = caller_of(request)
    return json_response({"benches": await asyncio.to_thread(lambda: list(_benches(caller)))})


def _benches(caller: Caller) -> Iterator[dict[str, JSON]]:
    known = {key(model.id): model for model in load_catalogue().models}

    def may(model: str, task: str) -> bool:
        entry = known.get(key(model))
        return caller.may((model, *(entry.aliases if entry else ())), task or (entry.task if entry else ""))

    for document in kept_benches():
        if may(str(document["model"]), str(document.get("task", ""))):
            yield _shown(document)
    for model, found in _compressed().items():
        entry = known.get(key(model))
        if found and may(model, entry.task if entry else ""):
            yield {"by": "compress", "model": model, "task": entry.task if entry else "", **_newest(found)}


def _shown(document: Document) -> dict[str, JSON]:
    named = ("by", "model", "reference", "task", "measured", "machine", "compared_with", "winner")
    points: list[JSON] = [point for way in document["ways"] if (point := _point(way, way.get("figures")))]
    return {**{name: document.get(name) for name in named}, "points": points}


def _compressed() -> dict[str, list[tuple[str, Document, dict[str, JSON]]]]:
    """By model, what was measured of each artifact that was made here: when, all of it, and the point."""
    store, found = Store(), dict[str, list[tuple[str, Document, dict[str, JSON]]]]()
    for record in store.records():
        for name, way in read_figures(store, record.digest).items():
            if not isinstance(way, Mapping):
                continue
            label = f"{record.variant} → {name}"
            point = _point({**way, "name": label, "command": f"hub info {record.model}"}, way.get("after"))
            if point:
                found.setdefault(record.model, []).append((str(way.get("measured", "")), way, point))
    return found


def _newest(found: list[tuple[str, Document, dict[str, JSON]]]) -> dict[str, JSON]:
    latest = max(found, key=lambda each: each[0])
    points: list[JSON] = [point for _, _, point in found]
    return {"measured": latest[0], "machine": latest[1].get("machine"), "compared_with": None, "points": points}


def _point(way: Document, figures: object) -> dict[str, JSON] | None:
    """A way with its figures; `None` where it has none, or not those that are expected."""
    if not isinstance(figures, Mapping):
        return None
    try:
        fastest = max(figures["speeds"], key=lambda speed: float(speed["per_second"]))
        return {
            "name": str(way["name"]),
            "command": str(way.get("command", "")),
            "backend": str(way["backend"]),
            "size": int(figures["size"]),
            "memory": figures.get("memory"),
            "speed": float(fastest["per_second"]),
            "unit": str(fastest["unit"]),
            "batch": int(fastest["batch"]),
            "loss": way.get("loss"),
            "pareto": bool(way.get("pareto")),
        }
    except (KeyError, TypeError, ValueError):
        return None
