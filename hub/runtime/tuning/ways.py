"""Every way to run a model on this machine that is worth measuring: backend × recipe × device, as plans.

A way is what a person could ask for (`--backend`, `--device`, `--compress`, a variant), so that each row of a table can
be run again. Made of plans: nothing is downloaded or opened. Knows nothing of figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.errors import HubError, PlanError, UsageError
from hub.runtime.planning.judge import Judge
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.planning.recipe import recipe_text
from hub.runtime.planning.refusal import unknown_backend
from hub.runtime.tuning.recipes import does_not_shrink, step_words

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.references.target import Target
    from hub.store.store import Store

__all__ = ["Asked", "Skipped", "Way", "Ways", "find_ways", "is_lossy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a person limits the search to.

    Parameters
    ----------
    backends, devices
        All that are usable here if empty.
    recipes
        The model as it is, and these; `None` for the model as it is, its published variants, and every step that is
        sensible without options.
    lossless
        Leave out every way that gives something up.
    allow_pickle
        Whether weights that can carry code may be opened; `None`: as the setting `allow_pickle` says.
    """

    backends: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    recipes: tuple[str, ...] | None = None
    lossless: bool = False
    task: str | None = None
    allow_pickle: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A plan, and what has to be asked for to get it. `variant` is `None` where the plan chooses one."""

    plan: Plan
    recipe: str
    backend: str
    device: str
    variant: str | None = None

    @property
    def steps(self) -> int:
        """Steps that are done on the way, at once or at every load."""
        return len(self.plan.recipe) + len(self.plan.load_steps)

    @property
    def name(self) -> str:
        """`onnx | int8 → onnx on cpu (bf16)`."""
        weights = " | ".join([self.plan.variant, *map(str, self.plan.recipe)])
        loads = f" ({recipe_text(self.plan.load_steps)})" if self.plan.load_steps else ""
        return f"{weights} → {self.backend} on {self.device}{loads}"

    @property
    def identity(self) -> tuple[object, ...]:
        """The same for two ways that open the same weights alike."""
        plan = self.plan
        return (
            plan.variant,
            tuple((step.transform, repr(sorted(step.options.items()))) for step in plan.recipe),
            tuple(map(str, plan.load_steps)),
            plan.backend,
            plan.device,
            plan.verb,
            plan.model_plugin,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A way that is not measured, and why. Fields are empty where the reason holds for all."""

    reason: str
    variant: str = ""
    recipe: str = ""
    backend: str = ""
    device: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ways:
    """What was found. `base` is what the others are compared with: the way that is taken when nothing is asked for."""

    base: Way
    found: tuple[Way, ...]
    skipped: tuple[Skipped, ...] = ()


def is_lossy(plan: Plan, base: Plan) -> bool:
    """Whether a plan gives something up that the base does not: by its steps, or by those of a published variant."""
    own = any(step.lossy for step in plan.recipe) or any(step.lossy for step in plan.load_steps)
    return own or (bool(plan.steps) and plan.variant != base.variant)


def find_ways(target: Target, asked: Asked, *, host: Host, store: Store) -> Ways:
    """Every way that was asked for and can be, each once.

    Raises
    ------
    PluginMissing
        A backend that was asked for is not installed.
    UsageError
        A recipe that was asked for is wrong everywhere.
    HubError
        Nothing can be run here as it is; as `make_plan` raises it.
    """
    search = _Search(target, asked, host, store)
    default = search.plain()
    search.look()
    if not search.plains:
        anywhere = default if isinstance(default, HubError) and not (asked.backends or asked.devices) else None
        raise anywhere or search.first or (default if isinstance(default, HubError) else search.nothing())
    plains = {way.identity: way for way in search.plains}
    taken = None if isinstance(default, HubError) else search.way(default, "").identity
    base = plains.get(taken or (), search.plains[0])
    found = {way.identity: way for way in (base, *search.plains, *search.others)}
    taken_up = tuple(way for way in found.values() if not (asked.lossless and is_lossy(way.plan, base.plan)))
    return Ways(base=base, found=taken_up, skipped=tuple(dict.fromkeys(search.skipped)))


class _Search:
    def __init__(self, target: Target, asked: Asked, host: Host, store: Store) -> None:
        self._target = target
        self._asked = asked
        self._host = host
        self._store = store
        self.plains: list[Way] = []
        self.others: list[Way] = []
        self.skipped: list[Skipped] = []
        self.first: HubError | None = None
        self._wrong: dict[str, UsageError] = {}

    def plain(self) -> Plan | HubError:
        """The plan that is made when nothing is asked for."""
        try:
            return self._plan(self._target)
        except HubError as error:
            return error

    def look(self) -> None:
        """Find every way on every device of every backend."""
        recipes = self._asked.recipes
        usual = step_words(self._host, self._asked.backends, lossless=self._asked.lossless)
        words = list(usual) if recipes is None else [recipe for recipe in recipes if recipe]
        for backend, device in self._places():
            self._plain_on(backend, device)
            for recipe in words:
                self._add(self._target, recipe, backend, device, default=recipes is None)
        done = {way.recipe for way in self.others}
        for recipe in () if recipes is None else words:
            if recipe in self._wrong and recipe not in done:
                raise self._wrong[recipe]

    def nothing(self) -> PlanError:
        """The error where nothing of what was asked for is usable."""
        reasons = [each.reason for each in self.skipped]
        told = f"nothing that was asked for can run '{self._target.reference}' here"
        return PlanError(f"{told}: {reasons[0]}" if reasons else told, details=reasons[1:])

    def way(self, plan: Plan, recipe: str, variant: str | None = None) -> Way:
        return Way(plan=plan, recipe=recipe, backend=plan.backend, device=plan.device, variant=variant)

    def _places(self) -> Iterator[tuple[str, str]]:
        """Each usable backend with each device that it found."""
        judge = Judge(self._host, None, {})
        for backend in self._asked.backends or sorted(self._host.backends):
            if backend not in self._host.backends:
                raise unknown_backend(backend, self._host, tuple)
            provided = self._host.backends[backend]
            probe = judge.probe(provided)
            if isinstance(probe, HubError):
                self.first = self.first or probe
                self.skipped.append(Skipped(backend=backend, reason=probe.message))
                continue
            for device in self._asked.devices or provided.spec.devices:
                if device in probe.devices or device.partition(":")[0] in probe.devices:
                    yield backend, device
                else:
                    found = ", ".join(probe.devices) or "nothing"
                    reason = f"it finds no {device} here, only {found}"
                    self.skipped.append(Skipped(backend=backend, device=device, reason=reason))

    def _plain_on(self, backend: str, device: str) -> None:
        """The model as it is; and its other variants, where they are opened without a conversion."""
        self._add(self._target, "", backend, device)
        if self._target.variant is not None or (self._asked.recipes is not None and "" not in self._asked.recipes):
            return
        for variant in self._target.model.variants:
            target = replace(self._target, variant=variant.name)
            if any(way.plan.variant == variant.name and way.backend == backend for way in self.plains):
                continue
            try:
                plan = self._plan(target, "", backend, device)
            except HubError:
                continue  # of another format: the backend's own way was added, or its reason told
            if not plan.recipe:
                (self.others if plan.steps else self.plains).append(self.way(plan, "", variant.name))

    def _add(self, target: Target, recipe: str, backend: str, device: str, *, default: bool = False) -> None:
        try:
            plan = self._plan(target, recipe, backend, device)
        except HubError as error:
            self.first = self.first or error
            if isinstance(error, UsageError):
                self._wrong.setdefault(recipe, error)
            reason = error.message.removeprefix(f"'{target.reference}' cannot be run here: ")
            self.skipped.append(Skipped(recipe=recipe, backend=backend, device=device, reason=reason))
            return
        reason = does_not_shrink(plan, self._host) if default else ""
        if reason:
            self.skipped.append(Skipped(recipe=recipe, backend=backend, device=device, reason=reason))
        else:
            (self.others if recipe else self.plains).append(self.way(plan, recipe))

    def _plan(self, target: Target, recipe: str = "", backend: str | None = None, device: str | None = None) -> Plan:
        return make_plan(
            target,
            host=self._host,
            store=self._store,
            backend=backend,
            device=device,
            recipe=recipe,
            task=self._asked.task,
            allow_pickle=self._asked.allow_pickle,
            tuned=False,
        )
