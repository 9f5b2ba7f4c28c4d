"""Makes the plan: variant, recipe, backend, device, verb and model plugin, with costs, and why every other way lost.

Made of facts: nothing is downloaded or opened. What the person asked for comes first; then nothing lossy that was not
asked for, fewer conversions, the registry's order of variants, an accelerator before the CPU, the model plugin's order
of verbs, and names, so that the same question has the same answer. Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from hub import config
from hub.errors import HubError
from hub.plugin.specs import FormatSpec
from hub.runtime.asking import ask
from hub.runtime.planning.candidates import Candidate, Lost, Rejected, Start, combine
from hub.runtime.planning.choice import Choice
from hub.runtime.planning.judge import Judge, Usable
from hub.runtime.planning.loading import splits
from hub.runtime.planning.paths import DeadEnd, Offer, carry_over, find_routes
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.policy import apply_policy
from hub.runtime.planning.recipe import Step, Wanted, parse_recipe, satisfied
from hub.runtime.planning.refusal import does_not_fit, no_way, unknown_backend, unknown_step, unknown_task
from hub.runtime.references.facts import facts_of
from hub.runtime.sessions.architecture import offered
from hub.types import Facts, OptionValue, WeightFile

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.registry.schema import Plugin
    from hub.runtime.references.target import Target
    from hub.store.store import Store

__all__ = ["make_plan"]


def make_plan(
    target: Target,
    *,
    host: Host,
    store: Store,
    backend: str | None = None,
    device: str | None = None,
    recipe: str = "",
    options: Mapping[str, object] | None = None,
    task: str | None = None,
    thorough: bool = False,
    tuned: bool = True,
    listed: Callable[[], Sequence[Plugin]] | None = None,
    allow_pickle: bool | None = None,
) -> Plan:
    """Choose how to run a model on this machine.

    Parameters
    ----------
    backend, device, recipe, task
        What the person asks for; the plan keeps to it or fails.
    options
        Load options, by name.
    thorough
        Ask the plugins about every candidate, to say more exactly why it lost. Otherwise those that come after the
        first usable one are not probed, because probing imports libraries.
    tuned
        Where nothing is asked for, take what was measured to be the best here, if it is remembered and still holds.
    listed
        Gives the plugins that the registries list; by default those of the catalogue. Asked when something is missing.
    allow_pickle
        Whether weights of formats that can carry code may be opened; by default what the settings say.

    Raises
    ------
    PluginMissing
        Nothing but a plugin that is not installed stands in the way; the hint names its package.
    PluginBroken
        The backend that would do is installed and cannot run.
    DoesNotFit
        It needs more memory than is free; `details` and hint say what would fit.
    PlanError
        No way is left; `details` holds the reason of each.
    UsageError
        The recipe or an option is wrong.
    PolicyError
        Its weights can carry code, and that was not allowed.
    """
    device = None if device == "auto" else device
    known_task = task or target.model.task
    search = partial(
        _search,
        host=host,
        store=store,
        options=options or {},
        task=task,
        listed=listed or _catalogue_plugins,
        allowed=bool(config.get("allow_pickle")) if allow_pickle is None else allow_pickle,
    )
    if tuned and known_task and not (backend or device or recipe or options):
        from hub.runtime.tuning.recall import recalled

        plan = recalled(target, search, task=known_task, host=host, store=store, thorough=thorough)
        if plan is not None:
            return plan
    return search(target, backend=backend, device=device, recipe=recipe, thorough=thorough)


def _search(
    target: Target,
    *,
    host: Host,
    store: Store,
    backend: str | None,
    device: str | None,
    recipe: str,
    options: Mapping[str, object],
    task: str | None,
    thorough: bool,
    listed: Callable[[], Sequence[Plugin]],
    allowed: bool,
) -> Plan:
    """Make the plan of what was asked for, whatever was measured."""
    if backend is not None and backend not in host.backends:
        raise unknown_backend(backend, host, listed)
    if not (task or target.model.task):
        raise unknown_task(target.reference, host)
    wanted = parse_recipe(recipe)
    _check_steps(wanted, target, host, listed)

    def made(facts: Facts, steps: Sequence[Step]) -> bool:
        from hub.runtime.transforms.transform import find_made

        recipe = [_with_content(step, facts.task, host) for step in steps]
        return find_made(facts, recipe, host=host, store=store) is not None

    ways = list(apply_policy(_ways(target, wanted, host, backend, task), host=host, allowed=allowed, made=made))
    lost = [way for way in ways if isinstance(way, Lost)]
    judge = Judge(host, device, options)
    preferred = None if device else _preferred_device()
    search = Choice(judge, preferred, thorough)
    search.look([way for way in ways if isinstance(way, Candidate)])
    name = target.reference
    if search.best is None:
        if search.big:
            raise does_not_fit(name, search.big, search.fitting_but_lossy, judge)
        raise no_way(name, target.variants(), [*search.lost, *lost], host, listed)
    plan = _plan(target, search.best, (*search.rejected(), *(each.rejected for each in lost)), store)
    if plan.recipe:
        plan = replace(plan, recipe=tuple(_with_content(step, plan.task, host) for step in plan.recipe))
    if plan.recipe and plan.download:
        from hub.runtime.transforms.transform import find_derived

        plan = plan if find_derived(plan, host=host, store=store) is None else replace(plan, download=0)
    return plan


def _ways(
    target: Target, wanted: tuple[Wanted, ...], host: Host, backend: str | None, task: str | None
) -> Iterator[Candidate | Lost]:
    """Every way from every variant; those that are not complete as lost ones."""
    formats = {name: provided.spec for name, provided in host.formats.items()}
    offers = [
        Offer(spec=provided.spec, distribution=provided.distribution, version=provided.version)
        for provided in host.transforms.values()
    ]
    for place, variant in enumerate(target.model.variants):
        if target.variant not in {None, variant.name}:
            reason = f"variant '{target.variant}' was asked for"
            yield Lost(kind="asked", rejected=Rejected(variant=variant.name, reason=reason))
            continue
        done = 0 if not wanted else satisfied(wanted, variant.steps, variant.format, formats)
        if done is None and target.variant is None:
            reason = f"it carries {' | '.join(variant.steps)}, which the recipe does not begin with"
            yield Lost(kind="recipe", rejected=Rejected(variant=variant.name, reason=reason))
            continue
        facts = facts_of(target.model, variant, formats=formats)
        facts = facts if task is None else replace(facts, task=task)
        start = Start(
            variant=variant.name,
            place=place,
            facts=replace(facts, architectures=offered(facts, host)),
            precision=variant.precision,
            steps=tuple(variant.steps),
            unasked=bool(variant.steps) and not wanted and target.variant is None,
        )
        yield from _onward(start, wanted[done or 0 :], offers, formats, host, backend)


def _onward(
    start: Start,
    wanted: tuple[Wanted, ...],
    offers: list[Offer],
    formats: Mapping[str, FormatSpec],
    host: Host,
    backend: str | None,
) -> Iterator[Candidate | Lost]:
    """Every way onward from a variant: all of the recipe by transforms, or its end by the backend while it opens."""
    words = {step.step for provided in host.backends.values() for step in provided.spec.load_steps}
    ways: list[Candidate | Lost] = []
    dead: list[DeadEnd] = []
    for head, tail in splits(wanted, words):
        routes = find_routes(start.facts, head, offers, formats, _predictor(host))
        found = [way for route in routes.found for way in combine(start, route, host, backend, tuple(tail))]
        dead = [each for each in dead if not found or each.error] if tail else dead
        dead += routes.dead if not (tail and ways) else []
        ways += found
    for reason, each in {each.reason: each for each in dead}.items():
        yield Lost(kind="recipe", rejected=Rejected(variant=start.variant, reason=reason), error=each.error)
    yield from ways


def _predictor(host: Host) -> Callable[[Offer, Facts, Mapping[str, OptionValue]], Facts | str]:
    def predict(offer: Offer, facts: Facts, options: Mapping[str, OptionValue]) -> Facts | str:
        if offer.spec.predict is None:
            return carry_over(facts, offer.spec)
        try:
            after = ask(host, host.transforms[offer.spec.id], offer.spec.predict, facts, options, answer=Facts | str)
        except HubError as error:
            return error.message
        return cast("Facts | str", after)

    return predict


def _check_steps(wanted: Sequence[Wanted], target: Target, host: Host, listed: Callable[[], Sequence[Plugin]]) -> None:
    carried = (step for variant in target.variants() for text in variant.steps for step in parse_recipe(text))
    does = (provided.spec.step for provided in host.transforms.values())
    loads = (step.step for provided in host.backends.values() for step in provided.spec.load_steps)
    known = {*host.formats, *does, *loads, *(step.name for step in carried)}
    for step in wanted:
        if step.name not in known:
            raise unknown_step(step.where, step.name, known, host, listed)


def _plan(target: Target, best: Usable, rejected: tuple[Rejected, ...], store: Store) -> Plan:
    candidate, start = best.candidate, best.candidate.start
    notes = []
    if start.unasked:
        notes.append(f"{' | '.join(start.steps)} was not asked for: nothing else of this model can be run here")
    return Plan(
        reference=target.reference,
        model=target.model.id,
        variant=start.variant,
        precision=start.precision,
        files=start.facts.files,
        steps=start.steps,
        recipe=candidate.route.steps,
        load_steps=best.load_steps,
        backend=candidate.backend.spec.id,
        plugin=f"{candidate.backend.distribution} {candidate.backend.version}",
        device=best.device,
        verb=candidate.verb,
        model_plugin=candidate.model.spec.id,
        task=start.facts.task,
        facts=candidate.route.facts,
        source=start.facts,
        options=dict(best.options),
        estimate=best.estimate,
        free_memory=best.free,
        download=to_fetch(target, start.facts.files, store),
        notes=tuple(notes),
        rejected=rejected,
    )


def to_fetch(target: Target, files: Sequence[WeightFile], store: Store) -> int:
    """Bytes of the files that are neither in the store nor, for a path, on the disk already."""
    return 0 if target.root is not None else store.download_size(files)


def _with_content(step: Step, task: str, host: Host) -> Step:
    """The step, with what the files hold that its options name. A file that cannot be read is found here, at once."""
    from hub.runtime.transforms.data import content_of

    provided, known = host.transforms[step.transform], host.tasks.get(task)
    return replace(step, content=content_of(provided.spec.options, step.options, known.spec if known else None))


def _preferred_device() -> str | None:
    value = config.get("device")
    return None if value == "auto" else str(value)


def _catalogue_plugins() -> Sequence[Plugin]:
    from hub.registry.catalogue import load_catalogue

    return load_catalogue().plugins
