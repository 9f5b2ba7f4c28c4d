"""Recipes as text, and which of their steps a published variant already carries."""

from __future__ import annotations

import pytest

from hub.errors import UsageError
from hub.runtime.planning.recipe import parse_recipe, recipe_text, satisfied

FORMATS = {"onnx": None, "gguf": None, "safetensors": None}


def test_a_recipe_is_steps_with_options() -> None:
    steps = parse_recipe("prune:layers=2 | onnx | int8:per-channel=true,only=a,only=b")
    assert [step.name for step in steps] == ["prune", "onnx", "int8"]
    assert [dict(step.options) for step in steps] == [
        {"layers": "2"},
        {},
        {"per_channel": "true", "only": ["a", "b"]},
    ]
    assert [step.place for step in steps] == [1, 2, 3]


def test_a_recipe_is_written_in_one_way() -> None:
    assert recipe_text(parse_recipe(" a : z=1 , b = 2|c ")) == "a:b=2,z=1 | c"
    assert parse_recipe(recipe_text(parse_recipe("a:b=2,z=1|c"))) == parse_recipe("a:z=1,b=2|c")


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_is_the_empty_recipe(text: str) -> None:
    assert parse_recipe(text) == ()


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("|int8", 1, "does not begin with a step's name"),
        ("int8||onnx", 2, "does not begin with a step's name"),
        ("int8 onnx", 1, "does not begin with a step's name"),
        ("onnx | int8:bits", 2, "has an option without '=': 'bits'"),
        ("onnx | int8:=4", 2, "has an option without '='"),
        ("onnx | int8:", 2, "has an option without '='"),
        ("../x", 1, "does not begin with a step's name"),
    ],
)
def test_a_wrong_recipe_points_at_the_step(text: str, place: int, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_recipe(text)
    assert caught.value.message.startswith(f"step {place} of the recipe")
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("recipe", "steps", "form", "done"),
    [
        ("int8", (), "onnx", 0),
        ("int8", ("int8",), "onnx", 1),
        ("int8 | optimize", ("int8",), "onnx", 1),
        ("optimize | int8", ("int8",), "onnx", None),
        ("int8:bits=4", ("int8",), "onnx", None),
        ("onnx | int8", ("int8",), "onnx", 2),
        ("onnx | int8", ("int8",), "gguf", None),
        ("onnx | int8", (), "onnx", 0),
        ("int8", ("int8", "prune"), "onnx", None),
        ("", ("int8",), "onnx", None),
    ],
)
def test_a_variant_satisfies_a_prefix_of_the_recipe(
    recipe: str, steps: tuple[str, ...], form: str, done: int | None
) -> None:
    assert satisfied(parse_recipe(recipe), steps, form, FORMATS) == done
