"""The end of a recipe may be done by a backend while it opens, where no artifact is better."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import HubError, PlanError, UsageError
from hub.plugin.specs import LoadStep
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.store.store import Store
from hub.types import Estimate, Facts, Option
from tests.support.planning import backend, entry, make_host, model_plugin, target_of, transform, variant

HERE = "tests.runtime.test_plan_load_steps"
BITS = LoadStep(step="int8", options=(Option(name="group", type=int, default=32, min=1),))
HALF = LoadStep(step="bf16", lossy=False)


def seen(facts: Facts, options: dict[str, object]) -> Estimate:
    """Half of the weights where int8 is asked for."""
    return Estimate(weights=1000 if "int8" not in options else 500 + int(options["int8"]["group"]))  # type: ignore[index]


def whole_groups(facts: Facts, options: dict[str, object]) -> str | None:
    """Refuses groups that do not divide the width."""
    width = facts.config["hidden_size"]
    return None if int(width) % int(options["group"]) == 0 else f"groups of {options['group']} do not divide {width}"  # type: ignore[arg-type, call-overload]


def plan_of(*specs: object, recipe: str, form: str = "safetensors") -> Plan:
    host = make_host(*specs, model_plugin())
    return make_plan(
        target_of(entry(variant("weights", form))),
        host=host,
        store=Store(),
        recipe=recipe,
        listed=lambda: (),
        thorough=True,
    )


def test_a_backend_does_the_end_of_a_recipe(hub_home: object) -> None:
    plan = plan_of(
        backend(formats=("safetensors",), load_steps=(BITS, HALF), memory=f"{HERE}:seen"), recipe="int8:group=8 | bf16"
    )
    assert [(step.step, dict(step.options), step.lossy) for step in plan.load_steps] == [
        ("int8", {"group": 8}, True),
        ("bf16", {}, False),
    ]
    assert (plan.recipe, plan.estimate.weights) == ((), 508)


def test_transforms_come_before_load_steps(hub_home: object) -> None:
    plan = plan_of(
        backend(formats=("onnx",), load_steps=(BITS,)),
        transform("onnx", "safetensors", "onnx"),
        transform("prune", "safetensors"),
        recipe="prune | onnx | int8",
    )
    assert [step.name for step in plan.recipe] == ["prune", "onnx"]
    assert [str(step) for step in plan.load_steps] == ["int8"]


def test_what_is_done_once_is_preferred_to_what_is_done_at_every_load(hub_home: object) -> None:
    plan = plan_of(
        backend(formats=("safetensors",), load_steps=(BITS,)), transform("int8", "safetensors"), recipe="int8"
    )
    assert ([step.name for step in plan.recipe], plan.load_steps) == (["int8"], ())
    assert any("at every load" in each.reason for each in plan.rejected)


def test_a_step_in_the_middle_is_no_load_step(hub_home: object) -> None:
    with pytest.raises(PlanError) as caught:
        plan_of(
            backend(formats=("safetensors",), load_steps=(BITS,)),
            transform("prune", "safetensors"),
            recipe="int8 | prune",
        )
    assert "int8" in " ".join((caught.value.message, *caught.value.details))


def test_a_verb_that_the_step_does_not_serve_is_told(hub_home: object) -> None:
    step = LoadStep(step="int8", verbs=("generate",))
    with pytest.raises(HubError) as caught:
        plan_of(backend(formats=("safetensors",), verbs=("run", "generate"), load_steps=(step,)), recipe="int8")
    assert "generate, not for run" in " ".join((caught.value.message, *caught.value.details))


@pytest.mark.parametrize(("recipe", "told"), [("int8:group=0", "at least 1"), ("int8:size=3", "no option 'size'")])
def test_a_wrong_option_of_a_load_step_is_told(hub_home: object, recipe: str, told: str) -> None:
    with pytest.raises(HubError) as caught:
        plan_of(backend(formats=("safetensors",), load_steps=(BITS,)), recipe=recipe)
    assert told in " ".join((caught.value.message, *caught.value.details))


def test_a_step_that_nothing_knows_lists_the_load_steps(hub_home: object) -> None:
    with pytest.raises(UsageError) as caught:
        plan_of(backend(formats=("safetensors",), load_steps=(BITS,)), recipe="int9")
    assert "int8" in str(caught.value.hint)


def test_a_backend_says_why_a_step_cannot_be_done_to_these_weights(hub_home: object) -> None:
    step = replace(BITS, accepts=f"{HERE}:whole_groups")
    model = entry(variant("weights", "safetensors"), config={"hidden_size": 48})
    specs = (backend(formats=("safetensors",), load_steps=(step,)), model_plugin())

    def plan(recipe: str) -> Plan:
        return make_plan(target_of(model), host=make_host(*specs), store=Store(), recipe=recipe, listed=lambda: ())

    assert plan("int8:group=16").load_steps[0].options == {"group": 16}
    with pytest.raises(PlanError, match="'int8:group=32': groups of 32 do not divide 48"):
        plan("int8:group=32")
