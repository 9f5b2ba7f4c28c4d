"""Every complete way to run a model: variant, route, backend, verb and model plugin, before any of them is asked.

Knows nothing of devices, memory or options: `hub.runtime.planning.judge` asks the plugins about those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.errors import HubError
from hub.plugin.specs import BackendSpec, ModelSpec
from hub.runtime.planning.loading import cannot_load
from hub.runtime.planning.paths import Route
from hub.runtime.planning.recipe import Wanted, recipe_text
from hub.runtime.references.facts import matches
from hub.types import Facts

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided

__all__ = ["Candidate", "Lost", "Rejected", "Start", "combine"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A way that lost, and why. Fields that it did not get to are empty."""

    variant: str
    reason: str
    recipe: str = ""
    backend: str = ""
    device: str = ""
    verb: str = ""
    model_plugin: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """A rejected way while the plan is made: `kind` decides what is said when nothing is left.

    Kinds: `asked` (the person asked for something else), `recipe`, `format` (no backend opens it), `model` (no model
    plugin), `verb`, `needs`, `policy` (it can carry code, which was not allowed),
    `accepts`, `broken`, `option`, `device`, `memory`, `rank`.
    """

    kind: str
    rejected: Rejected
    error: HubError | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Where a route begins: a variant and its place in the entry. `unasked`: lossy, and nobody asked for that."""

    variant: str
    place: int
    facts: Facts
    precision: str = ""
    steps: tuple[str, ...] = ()
    unasked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A complete way, but for the device.

    `tail` is the end of the recipe, which the backend does while it opens; `unsafe` that what it opens can carry code.
    """

    start: Start
    route: Route
    backend: Provided[BackendSpec]
    model: Provided[ModelSpec]
    verb: str
    tail: tuple[Wanted, ...] = ()
    unsafe: bool = False

    def lost(self, kind: str, reason: str, *, device: str = "", error: HubError | None = None) -> Lost:
        """The same way as a rejected one."""
        rejected = Rejected(
            variant=self.start.variant,
            recipe=recipe_text((*self.route.steps, *self.tail)),
            backend=self.backend.spec.id,
            device=device,
            verb=self.verb,
            model_plugin=self.model.spec.id,
            reason=reason,
        )
        return Lost(kind=kind, rejected=rejected, error=error)


def combine(
    start: Start, route: Route, host: Host, backend: str | None, tail: tuple[Wanted, ...] = ()
) -> Iterator[Candidate | Lost]:
    """Join a route with each backend that takes its end and does the tail, and each model plugin for the task."""
    takers = [provided for _, provided in sorted(host.backends.items()) if route.facts.format in provided.spec.formats]
    recipe = recipe_text((*route.steps, *tail))
    if not takers:
        reason = f"no installed backend opens {route.facts.format}"
        yield Lost(kind="format", rejected=Rejected(variant=start.variant, recipe=recipe, reason=reason))
    if backend is not None and takers and all(provided.spec.id != backend for provided in takers):
        reason = f"{backend} opens {', '.join(host.backends[backend].spec.formats)}, not {route.facts.format}"
        rejected = Rejected(variant=start.variant, recipe=recipe, backend=backend, reason=reason)
        yield Lost(kind="asked", rejected=rejected)
        return
    for provided in takers:
        if backend is not None and provided.spec.id != backend:
            reason = f"backend '{backend}' was asked for"
            rejected = Rejected(variant=start.variant, recipe=recipe, backend=provided.spec.id, reason=reason)
            yield Lost(kind="asked", rejected=rejected)
            continue
        refusal = cannot_load(provided.spec, tail)
        if refusal:
            rejected = Rejected(variant=start.variant, recipe=recipe, backend=provided.spec.id, reason=refusal)
            yield Lost(kind="recipe", rejected=rejected)
            continue
        yield from _with_models(start, route, provided, host.models, tail)


def _with_models(
    start: Start,
    route: Route,
    backend: Provided[BackendSpec],
    models: Mapping[str, Provided[ModelSpec]],
    tail: tuple[Wanted, ...],
) -> Iterator[Candidate | Lost]:
    facts = route.facts

    def lose(kind: str, reason: str, model: str = "", verb: str = "") -> Lost:
        rejected = Rejected(
            variant=start.variant,
            recipe=recipe_text((*route.steps, *tail)),
            backend=backend.spec.id,
            verb=verb,
            model_plugin=model,
            reason=reason,
        )
        return Lost(kind=kind, rejected=rejected)

    able = [
        provided
        for _, provided in sorted(models.items())
        if provided.spec.task == facts.task
        and ("*" in provided.spec.families or facts.family in provided.spec.families)
    ]
    if not able:
        family = f" of family '{facts.family}'" if facts.family else ""
        yield lose("model", f"no installed model plugin does {facts.task} for models{family}")
    for model in able:
        verbs = [verb for verb in model.spec.verbs if verb in backend.spec.verbs]
        if not verbs:
            works = ", ".join(model.spec.verbs)
            yield lose(
                "verb",
                f"{model.spec.id} works with {works}; the backend answers {', '.join(backend.spec.verbs)}",
                model.spec.id,
            )
        for verb in verbs:
            missing = missing_files(model.spec, verb, facts)
            if missing:
                reason = f"{model.spec.id} needs {', '.join(missing)}, which the variant does not have"
                yield lose("needs", reason, model.spec.id, verb)
            elif refusal := cannot_load(backend.spec, tail, verb):
                yield lose("recipe", refusal, model.spec.id, verb)
            else:
                yield Candidate(start=start, route=route, backend=backend, model=model, verb=verb, tail=tail)


def missing_files(spec: ModelSpec, verb: str, facts: Facts) -> list[str]:
    """Patterns of files that a model plugin needs for a verb, and the weights lack."""
    paths = [file.path for file in facts.files]
    return [need for need in spec.needs.get(verb, ()) if not any(matches(path, (need,)) for path in paths)]
