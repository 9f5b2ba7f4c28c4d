"""Paths through graphs of formats and transforms: what is found, in which order, and how far it is looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.plugin.specs import TransformSpec
from hub.runtime.planning.paths import MOST_CONVERSIONS, Offer, Routes, carry_over, find_routes
from hub.runtime.planning.recipe import parse_recipe
from hub.types import Facts, OptionValue
from tests.support.planning import transform


def search(specs: Sequence[TransformSpec], recipe: str = "", start: str = "a", formats: str = "abcdef") -> Routes:
    offers = [Offer(spec=spec, distribution="d", version="1") for spec in specs]
    facts = Facts(task="t", family="f", format=start, files=(), parts={"": ()}, size=1)
    return find_routes(facts, parse_recipe(recipe), offers, set(formats), predict)


def predict(offer: Offer, facts: Facts, options: Mapping[str, OptionValue]) -> Facts:
    return carry_over(facts, offer.spec)


def shown(routes: Routes) -> list[str]:
    return ["".join(["a", *(step.gives for step in route.steps)]) for route in routes.found]


def convert(takes: str, gives: str) -> TransformSpec:
    return transform(f"to-{gives}", takes, gives, name=f"{takes}-to-{gives}")


def test_every_simple_path_of_two_conversions_is_found_in_a_fixed_order() -> None:
    chain = [convert("a", "b"), convert("b", "c"), convert("c", "d"), convert("b", "a")]
    assert shown(search(chain)) == ["a", "ab", "abc"]
    assert shown(search(chain[::-1])) == ["a", "ab", "abc"]


def test_conversions_that_were_asked_for_do_not_count_as_added() -> None:
    chain = [convert("a", "b"), convert("b", "c"), convert("c", "d"), convert("d", "e")]
    routes = search(chain, "to-b | to-c")
    assert shown(routes) == ["abc", "abcd", "abcde"]
    assert [route.conversions for route in routes.found] == [0, 1, 2]


def test_a_format_that_is_two_conversions_away_can_be_asked_for() -> None:
    routes = search([convert("a", "b"), convert("b", "c")], "c")
    assert [[step.asked for step in route.steps] for route in routes.found] == [[False, True]]


def test_a_compression_is_reached_through_conversions() -> None:
    shrink = transform("shrink", "c", lossy=True)
    routes = search([convert("a", "b"), convert("b", "c"), shrink], "shrink")
    assert shown(routes) == ["abcc"]


def test_a_compression_is_never_added() -> None:
    assert shown(search([transform("shrink", "a", lossy=True), transform("squeeze", "a", "b", lossy=True)])) == ["a"]


def test_several_transforms_for_a_step_are_several_paths() -> None:
    two = [transform("shrink", "a", name="first"), transform("shrink", "a", name="second")]
    routes = search(two, "shrink")
    assert [route.steps[0].transform for route in routes.found] == ["first", "second"]


def test_a_step_that_nothing_does_to_the_format_is_said() -> None:
    routes = search([transform("shrink", "b", lossy=True)], "shrink")
    assert routes.found == []
    assert routes.dead[0].reason == "step 1 of the recipe, 'shrink': nothing installed does it to a, only to b"


def test_the_step_that_was_not_reached_is_said_where_a_recipe_ends_early() -> None:
    routes = search([transform("shrink", "a", lossy=True), transform("prune", "b", lossy=True)], "shrink | prune")
    assert [dead.reason for dead in routes.dead] == [
        "step 2 of the recipe, 'prune': nothing installed does it to a, only to b"
    ]


def test_a_detour_that_leads_nowhere_is_not_said_where_a_path_was_found() -> None:
    routes = search([transform("shrink", "a", lossy=True), convert("a", "b")], "shrink")
    assert (shown(routes), routes.dead) == (["aa", "aab"], [])


def test_the_same_step_twice_is_done_twice() -> None:
    routes = search([transform("shrink", "a", lossy=True)], "shrink | shrink")
    assert [len(route.steps) for route in routes.found] == [2]


def test_twenty_formats_and_sixty_converters_take_few_steps_of_the_search() -> None:
    names = [chr(ord("a") + place) for place in range(20)]
    converters = [convert(one, names[(place + hop) % 20]) for place, one in enumerate(names) for hop in (1, 3, 7)]
    assert len(converters) == 60
    routes = search(converters, formats="".join(names))
    assert routes.visited <= 1 + 3 + 3**MOST_CONVERSIONS
    asked = search([*converters, *(transform("shrink", one) for one in names)], "shrink | shrink", formats="")
    assert routes.visited < asked.visited <= 200


def test_a_converted_variant_keeps_its_assets_and_its_size() -> None:
    from hub.types import WeightFile

    files = tuple(WeightFile(path=path, size=5, sha256=None, sources=()) for path in ("m.a", "tokenizer.json"))
    facts = Facts(task="t", family="f", format="a", files=files, parts={"": ("m.a",)}, size=10)
    after = carry_over(facts, convert("a", "b"))
    assert ([file.path for file in after.files], after.parts, after.size) == (["tokenizer.json"], {"": ()}, 10)
    assert carry_over(facts, transform("shrink", "a")) == facts
