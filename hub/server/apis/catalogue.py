"""`/hub/v1/catalogue` and `/hub/v1/about`: models that could run here, what they would cost, and what this machine has.

A search gives the light estimate of the registry; a single entry is planned, so it says what the backend that would be
taken expects, or why none would do. A caller sees what its key allows. Knows nothing of downloads.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata

import msgspec

from hub import __version__
from hub.errors import BadReference, HubError
from hub.memory import free_memory, total_memory
from hub.plugin.host import get_host
from hub.registry.catalogue import Catalogue, load_catalogue
from hub.registry.names import key
from hub.registry.schema import Variant
from hub.registry.search import Hit, expected_memory, search
from hub.runtime.kinds.codecs import Codecs
from hub.runtime.planning.recipe import recipe_text
from hub.runtime.references.resolve import resolve
from hub.runtime.references.target import Target
from hub.server.access.guard import Caller
from hub.server.apis.values import as_count
from hub.server.faults import Fault, fault_of
from hub.server.models.loader import plan_for
from hub.server.models.names import Served
from hub.server.service import Service, caller_of
from hub.server.settings import Settings
from hub.server.web import Request, Response, json_response
from hub.types import JSON

__all__ = ["QUERIES", "about", "search_catalogue", "show_entry"]

QUERIES = ("q", "task", "here", "fits", "limit")
_MOST = 500
_YES = ("1", "true")


async def about(request: Request, service: Service) -> Response:
    """Tell about this server, as its caller sees it: who that is, the machine, and tasks with their kinds."""
    caller = caller_of(request)
    tasks = await asyncio.to_thread(_tasks)
    return json_response(
        {
            "version": __version__,
            "caller": caller.name,
            "admin": caller.rights["admin"],
            "keyed": await service.guard.asks_for_keys(),
            "pulls": caller.rights["admin"] and not service.settings.only,
            "memory": {"total": total_memory(), "free": free_memory(), "budget": service.settings.memory},
            "tasks": tasks,
        }
    )


async def search_catalogue(request: Request, service: Service) -> Response:
    """Find models of the registries and of this machine, best first."""
    asked = request.query_params
    limit = as_count(asked.get("limit", "60"))
    if limit is None or not 0 < limit <= _MOST:
        raise Fault(400, "invalid_request", f"limit is a number from 1 to {_MOST}", param="limit")
    offered = await service.offered(request)
    caller, only = caller_of(request), service.settings.only
    rows = await asyncio.to_thread(_rows, caller, offered, asked.get("q", ""), only=only)
    free = free_memory()
    if asked.get("here") in _YES:
        rows = [row for row in rows if row["here"]]
    if asked.get("fits") in _YES:
        rows = [row for row in rows if free is None or int(str(row["memory"])) <= free]
    tasks = Counter(str(row["task"]) for row in rows)
    if asked.get("task"):
        rows = [row for row in rows if row["task"] == asked["task"]]
    counted: dict[str, JSON] = dict(sorted(tasks.items()))
    memory: JSON = {"total": total_memory(), "free": free}
    return json_response({"total": len(rows), "tasks": counted, "memory": memory, "models": rows[:limit]})


async def show_entry(request: Request, service: Service) -> Response:
    """A model with its variants, and how it would run on this machine."""
    offered = await service.offered(request)
    name, caller = request.path_params["model"], caller_of(request)
    return json_response(await asyncio.to_thread(_entry, name, caller, offered, service))


def _rows(caller: Caller, offered: Sequence[Served], words: str, *, only: bool) -> list[dict[str, JSON]]:
    here = {key(served.model.id): served for served in offered}
    catalogue = load_catalogue()
    hits = [hit for hit in search(words, catalogue=catalogue) if not only or key(hit.id) in here]
    if caller.kept is not None:
        hits = [hit for hit in hits if caller.may(_names(hit, catalogue), hit.task)]
    found = {key(hit.id) for hit in hits}
    own = [served for served in offered if key(served.model.id) not in found and _says(served, words)]
    near = any(hit.near for hit in hits)
    if near and own:
        hits = []
    return [*(_own(served) for served in own), *(_row(hit, here.get(key(hit.id))) for hit in hits)]


def _row(hit: Hit, served: Served | None) -> dict[str, JSON]:
    shown: dict[str, JSON] = msgspec.to_builtins(hit)
    return {**shown, "here": list(served.variants) if served else []}


def _own(served: Served) -> dict[str, JSON]:
    """A model that the command line named and no registry lists."""
    model = served.model
    first = model.variants[0] if model.variants else None
    return {
        "name": served.name,
        "id": model.id,
        "task": model.task,
        "license": model.license,
        "summary": model.summary,
        "parameters": model.parameters,
        "size": served.size or (first.size if first else 0),
        "memory": expected_memory(model, first) if first else 0,
        "formats": [*dict.fromkeys(variant.format for variant in model.variants)],
        "variants": [variant.name for variant in model.variants],
        "tags": list(model.tags),
        "registry": "",
        "near": False,
        "here": list(served.variants) or [variant.name for variant in model.variants],
    }


def _names(hit: Hit, catalogue: Catalogue) -> tuple[str, ...]:
    try:
        aliases = catalogue.find(f"{hit.registry}/{hit.id}").model.aliases
    except HubError:  # an entry of an index that cannot be had
        aliases = ()
    return (hit.id, hit.name, *aliases)


def _says(served: Served, words: str) -> bool:
    model = served.model
    text = " ".join((served.name, model.id, model.task, model.summary, *model.aliases, *model.tags)).casefold()
    return all(word in text for word in words.casefold().split())


def _entry(name: str, caller: Caller, offered: Sequence[Served], service: Service) -> dict[str, JSON]:
    served = next((each for each in offered if key(name) in _called(each)), None)
    if served is not None:
        target = service.manager.names.find(served.name)
    elif service.settings.only:
        raise BadReference(f"there is no model '{name[:200]}' here", hint="See: GET /v1/models")
    else:
        load_catalogue().find(name)  # or it is in no registry: a stranger names no path
        target = resolve(name)
    model = target.model
    caller.check(model)
    here = served.variants if served else ()
    return {
        **msgspec.to_builtins(msgspec.structs.replace(model, variants=(), config={})),
        "name": served.name if served and target.root else model.name,
        "origin": target.origin,
        "variants": [
            _variant(target, each, here=each.name in here or target.root is not None) for each in target.variants()
        ],
        "here": list(here),
        "memory": {"total": total_memory(), "free": free_memory()},
        "plan": _plan(target, service.settings),
    }


def _variant(target: Target, variant: Variant, *, here: bool) -> dict[str, JSON]:
    formats = get_host().formats
    return {
        "name": variant.name,
        "format": variant.format,
        "precision": variant.precision,
        "size": variant.size,
        "memory": expected_memory(target.model, variant),
        "here": here,
        "summary": variant.summary,
        "yanked": variant.yanked,
        "unsafe": variant.format in formats and formats[variant.format].spec.unsafe,
        "missing": [package for package in variant.requires if not _installed(package)],
    }


def _plan(target: Target, settings: Settings) -> Mapping[str, JSON]:
    """How this server would run it, with what its backend expects; or why it would not."""
    try:
        plan = plan_for(target, settings)
    except HubError as error:
        fault = fault_of(error)
        return {"refused": fault.message, "code": fault.code}
    estimate = plan.estimate
    return {
        "variant": plan.variant,
        "recipe": recipe_text((*plan.recipe, *plan.load_steps)),
        "backend": plan.backend,
        "device": plan.device,
        "memory": estimate.total,
        "weights": estimate.weights,
        "cache": estimate.cache,
        "working": estimate.working,
        "free": plan.free_memory,
        "download": plan.download,
        "notes": list(plan.notes),
    }


def _called(served: Served) -> set[str]:
    return {key(each) for each in (served.name, served.model.id, *served.model.aliases)}


def _tasks() -> dict[str, JSON]:
    """Every task, with the kinds of its input and output, and the endings of files that it takes."""
    host = get_host()
    codecs = Codecs(host)
    found: dict[str, JSON] = {}
    for name, provided in sorted(host.tasks.items()):
        spec = provided.spec
        kind = codecs.spec(spec.inputs[0]) if codecs.reads(spec.inputs[0]) else None
        found[name] = {
            "inputs": list(spec.inputs),
            "outputs": list(spec.outputs),
            "summary": spec.summary,
            "suffixes": list(kind.suffixes) if kind else [],
            "files": kind is not None,
        }
    return found


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
