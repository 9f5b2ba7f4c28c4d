"""Paths from weights to a format, through the transforms that were asked for: formats are nodes, transforms are edges.

Simple paths alone, with at most two conversions that nobody asked for, in an order that does not depend on what was
installed first. Knows nothing of backends, devices or memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.errors import HubError, OptionError
from hub.plugin.specs import TransformSpec
from hub.runtime.options import resolve_options
from hub.runtime.planning.recipe import Step, Wanted
from hub.types import Facts, OptionValue, WeightFile

__all__ = ["MOST_CONVERSIONS", "DeadEnd", "Offer", "Route", "Routes", "carry_over", "find_routes"]

MOST_CONVERSIONS = 2
"""Conversions that a plan may add on its own."""

Predict = Callable[["Offer", Facts, Mapping[str, OptionValue]], "Facts | str"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A transform that is installed, and who gave it."""

    spec: TransformSpec
    distribution: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Steps that lead from a variant to weights that a backend may open, and the facts of those weights."""

    steps: tuple[Step, ...]
    facts: Facts

    @property
    def conversions(self) -> int:
        """Steps that nobody asked for."""
        return sum(not step.asked for step in self.steps)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadEnd:
    """Why a recipe goes no further on some weights.

    `place` counts the steps of the recipe that were done; `detour` tells that a conversion was added on the way.
    `error` is set where the recipe itself is wrong.
    """

    reason: str
    place: int
    detour: bool
    error: HubError | None = None


@dataclass(kw_only=True, slots=True)
class Routes:
    """What a search found. `visited` counts the states that it looked at."""

    found: list[Route] = field(default_factory=list)
    dead: list[DeadEnd] = field(default_factory=list)
    visited: int = 0


def find_routes(
    facts: Facts,
    wanted: Sequence[Wanted],
    offers: Collection[Offer],
    formats: Collection[str],
    predict: Predict,
) -> Routes:
    """Every simple path from `facts` through the `wanted` steps, in a fixed order.

    Parameters
    ----------
    formats
        The ids that mean "convert to" as a step.
    predict
        What a transform makes of facts, or why it cannot.
    """
    search = _Search(tuple(wanted), sorted(offers, key=lambda offer: offer.spec.id), formats, predict)
    search.walk(facts, 0, (), frozenset())
    search.routes.dead = _telling(search.routes)
    return search.routes


def carry_over(facts: Facts, spec: TransformSpec) -> Facts:
    """Facts of what a transform without `predict` makes: as many bytes; in a new format, files of unknown names."""
    gives = spec.gives or facts.format
    if gives == facts.format:
        return facts
    weights = {path for paths in facts.parts.values() for path in paths}
    assets: tuple[WeightFile, ...] = tuple(file for file in facts.files if file.path not in weights)
    return replace(facts, format=gives, files=assets, parts=dict.fromkeys(facts.parts, ()))


class _Search:
    def __init__(
        self, wanted: tuple[Wanted, ...], offers: list[Offer], formats: Collection[str], predict: Predict
    ) -> None:
        self.wanted = wanted
        self.offers = offers
        self.formats = formats
        self.predict = predict
        self.routes = Routes()

    def walk(self, facts: Facts, position: int, steps: tuple[Step, ...], seen: frozenset[tuple[str, int]]) -> None:
        self.routes.visited += 1
        here = seen | {(facts.format, position)}
        if position == len(self.wanted):
            self.routes.found.append(Route(steps=steps, facts=facts))
        else:
            self._follow(facts, position, steps, here)
        if sum(not step.asked for step in steps) == MOST_CONVERSIONS:
            return
        for offer in self.offers:
            spec = offer.spec
            changes = spec.gives is not None and spec.gives != facts.format
            if spec.lossy or not changes or facts.format not in spec.takes or (spec.gives, position) in here:
                continue
            if self._asks_for(offer, position):
                continue
            self._apply(offer, facts, {}, position, steps, here)

    def _follow(self, facts: Facts, position: int, steps: tuple[Step, ...], seen: frozenset[tuple[str, int]]) -> None:
        """Take the step that was asked for, by each transform that can."""
        step = self.wanted[position]
        if step.name == facts.format and not step.options:
            self.walk(facts, position + 1, steps, seen)
            return
        able = [offer for offer in self.offers if self._asks_for(offer, position) and facts.format in offer.spec.takes]
        for offer in able:
            self._apply(offer, facts, step.options, position, steps, seen, asked=step)
        if not able:
            takes = sorted(
                {each for offer in self.offers if self._asks_for(offer, position) for each in offer.spec.takes}
            )
            could = f", only to {', '.join(takes)}" if takes else ""
            self._stop(f"{step.where}: nothing installed does it to {facts.format}{could}", position, steps)

    def _asks_for(self, offer: Offer, position: int) -> bool:
        if position == len(self.wanted):
            return False
        name = self.wanted[position].name
        return offer.spec.step == name or (name in self.formats and offer.spec.gives == name)

    def _apply(
        self,
        offer: Offer,
        facts: Facts,
        given: Mapping[str, object],
        position: int,
        steps: tuple[Step, ...],
        seen: frozenset[tuple[str, int]],
        asked: Wanted | None = None,
    ) -> None:
        spec = offer.spec
        what = asked.where if asked else f"transform '{spec.id}'"
        try:
            options = resolve_options(spec.options, given, what)
        except OptionError as error:
            self._stop(error.message, position, steps, error if asked else None)
            return
        after = self.predict(offer, facts, options)
        if isinstance(after, str):
            self._stop(f"{what}: {after}", position, steps)
            return
        step = Step(
            transform=spec.id,
            name=str(asked) if asked else spec.step,
            plugin=offer.distribution,
            version=offer.version,
            revision=spec.revision,
            takes=facts.format,
            gives=after.format,
            lossy=spec.lossy,
            options=options,
            asked=asked is not None,
            origin=spec.origin,
        )
        self.walk(after, position + (asked is not None), (*steps, step), seen)

    def _stop(self, reason: str, position: int, steps: tuple[Step, ...], error: HubError | None = None) -> None:
        detour = any(not step.asked for step in steps)
        self.routes.dead.append(DeadEnd(reason=reason, place=position, detour=detour, error=error))


def _telling(routes: Routes) -> list[DeadEnd]:
    """Each reason once: those without a detour where a path was found, else those that came furthest."""
    furthest = max((dead.place for dead in routes.dead), default=0)
    told = [dead for dead in routes.dead if (not dead.detour if routes.found else dead.place == furthest)]
    return list({dead.reason: dead for dead in reversed(told)}.values())[::-1]
