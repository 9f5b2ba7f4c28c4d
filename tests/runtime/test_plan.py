"""Plans over hosts made by hand: what is chosen, what is refused, and what is said."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.errors import DoesNotFit, HubError, OptionError, PlanError, PluginBroken, PluginMissing, UsageError
from hub.plugin.host import Host
from hub.plugin.specs import BackendSpec
from hub.registry.schema import Model, Plugin
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.store.store import Store
from hub.types import Option
from tests.support import planning
from tests.support.planning import (
    GIB,
    HERE,
    backend,
    entry,
    make_host,
    model_plugin,
    target_of,
    transform,
    variant,
)

CONTEXT = Option(name="context_length", type=int)


def plan_of(
    model: Model, host: Host, variant: str | None = None, listed: tuple[Plugin, ...] = (), **asked: Any
) -> Plan:
    return make_plan(target_of(model, variant), host=host, store=Store(), listed=lambda: listed, **asked)


def reasons(plan: Plan) -> dict[tuple[str, str, str], str]:
    return {(each.variant, each.backend, each.device): each.reason for each in plan.rejected}


def test_plan_takes_the_first_variant_that_a_backend_opens() -> None:
    host = make_host(backend(), model_plugin())
    plan = plan_of(entry(variant("safe", "safetensors"), variant("graph")), host)
    assert (plan.variant, plan.backend, plan.device, plan.verb, plan.model_plugin) == (
        "graph",
        "fake",
        "cpu",
        "run",
        "embedding",
    )
    assert plan.plugin == "fake-plugin 1.0"
    assert plan.facts.parts == {"": ("model.onnx",)}
    assert plan.download == 1010
    assert reasons(plan)["safe", "", ""] == "no installed backend opens safetensors"


def test_plan_pickles() -> None:
    host = make_host(backend(), model_plugin(), transform("int8", "onnx"))
    plan = plan_of(entry(variant("safe", "safetensors"), variant("graph")), host, recipe="int8")
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_plan_never_takes_a_lossy_variant_that_nobody_asked_for() -> None:
    host = make_host(backend(), model_plugin())
    plan = plan_of(entry(variant("small", steps=("int8",)), variant("graph")), host)
    assert (plan.variant, plan.notes) == ("graph", ())
    assert reasons(plan)["small", "fake", ""] == "ranked lower: it is lossy, which was not asked for"


def test_plan_says_so_where_only_a_lossy_variant_can_be_run() -> None:
    host = make_host(backend(), model_plugin())
    plan = plan_of(entry(variant("safe", "safetensors"), variant("small", steps=("int8",))), host)
    assert plan.variant == "small"
    assert plan.notes == ("int8 was not asked for: nothing else of this model can be run here",)


def test_plan_takes_the_variant_that_was_asked_for() -> None:
    host = make_host(backend(), model_plugin())
    plan = plan_of(entry(variant("graph"), variant("small", steps=("int8",))), host, "small")
    assert (plan.variant, plan.notes) == ("small", ())
    assert reasons(plan)["graph", "", ""] == "variant 'small' was asked for"


def test_a_variant_that_carries_the_steps_satisfies_the_recipe() -> None:
    host = make_host(backend(), model_plugin(), transform("int8", "onnx"))
    plan = plan_of(entry(variant("graph"), variant("small", steps=("int8",))), host, "small", recipe="int8")
    assert (plan.variant, plan.recipe) == ("small", ())


def test_a_recipe_is_applied_where_no_variant_carries_it() -> None:
    host = make_host(backend(), model_plugin(), transform("int8", "onnx", predict=f"{HERE}:predict_half"))
    plan = plan_of(entry(variant("graph")), host, recipe="int8")
    assert [(step.transform, step.asked, step.lossy) for step in plan.recipe] == [("int8-onnx", True, True)]
    assert (plan.source.size, plan.facts.size) == (1010, 505)


def test_a_conversion_is_added_where_no_variant_can_be_opened() -> None:
    host = make_host(backend(), model_plugin(), transform("onnx", "safetensors", "onnx"))
    plan = plan_of(entry(variant("safe", "safetensors")), host)
    assert [(step.transform, step.asked) for step in plan.recipe] == [("onnx-safetensors", False)]
    assert plan.facts.format == "onnx"


def test_a_format_in_a_recipe_means_convert_to_it() -> None:
    host = make_host(
        backend(formats=("safetensors", "onnx")), model_plugin(), transform("export", "safetensors", "onnx")
    )
    plan = plan_of(entry(variant("safe", "safetensors")), host, recipe="onnx")
    assert [(step.transform, step.asked) for step in plan.recipe] == [("export-safetensors", True)]


def test_what_a_transform_says_about_itself_rejects_its_path() -> None:
    host = make_host(backend(), model_plugin(), transform("int8", "onnx", predict=f"{HERE}:predict_no"))
    with pytest.raises(PlanError) as caught:
        plan_of(entry(variant("graph")), host, recipe="int8")
    assert "the graph has no MatMul" in caught.value.details[0]


def test_a_prediction_that_raises_is_told_with_its_plugin() -> None:
    host = make_host(backend(), model_plugin(), transform("int8", "onnx", predict=f"{HERE}:predict_raises"))
    with pytest.raises(PlanError) as caught:
        plan_of(entry(variant("graph")), host, recipe="int8")
    assert "fake-plugin 1.0" in caught.value.details[0]


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ("int9", "step 1 of the recipe, 'int9' is not known; did you mean 'int8'?"),
        ("int8 | ", "step 2 of the recipe, '', does not begin with a step's name"),
        ("int8:bits", "has an option without '=': 'bits'"),
        ("int8:bits=x", "option 'bits' is an integer, not 'x'"),
        ("int8:bitz=8", "has no option 'bitz'; did you mean 'bits'?"),
    ],
)
def test_a_wrong_recipe_names_the_step(recipe: str, told: str) -> None:
    host = make_host(
        backend(), model_plugin(), transform("int8", "onnx", options=(Option(name="bits", type=int, default=8),))
    )
    with pytest.raises(UsageError) as caught:
        plan_of(entry(variant("graph")), host, recipe=recipe)
    assert told in caught.value.message


def test_an_accelerator_that_was_found_is_preferred() -> None:
    host = make_host(backend(devices=("cuda", "cpu"), probe=f"{HERE}:probe_gpu"), model_plugin())
    plan = plan_of(entry(variant("graph")), host)
    assert (plan.device, plan.free_memory) == ("cuda", 8 * GIB)
    assert reasons(plan)["graph", "fake", "cpu"] == "ranked lower: cuda is preferred"


def test_a_device_that_was_not_found_is_told() -> None:
    host = make_host(backend(devices=("cuda", "cpu"), probe=f"{HERE}:probe_cpu"), model_plugin())
    plan = plan_of(entry(variant("graph")), host)
    assert plan.device == "cpu"
    assert reasons(plan)["graph", "fake", "cuda"] == "fake found no cuda here, only cpu"


def test_the_device_that_was_asked_for_is_taken_or_refused() -> None:
    found = make_host(backend(devices=("cuda", "cpu"), probe=f"{HERE}:probe_gpu"), model_plugin())
    assert plan_of(entry(variant("graph")), found, device="cpu").device == "cpu"
    missing = make_host(backend(devices=("cuda", "cpu"), probe=f"{HERE}:probe_cpu"), model_plugin())
    with pytest.raises(PlanError) as caught:
        plan_of(entry(variant("graph")), missing, device="cuda")
    assert caught.value.exit_code == 1
    assert "fake found no cuda here, only cpu" in caught.value.details[0]


def test_the_preferred_device_of_the_settings_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    host = make_host(backend(devices=("cuda", "cpu"), probe=f"{HERE}:probe_gpu"), model_plugin())
    monkeypatch.setenv("HUB_DEVICE", "cpu")
    assert plan_of(entry(variant("graph")), host).device == "cpu"


def test_backends_that_come_after_the_first_usable_way_are_not_probed() -> None:
    host = make_host(
        backend("a", ("onnx",), probe=f"{HERE}:probe_cpu"),
        backend("b", ("gguf",), probe=f"{HERE}:probe_gpu", devices=("cuda", "cpu")),
        model_plugin(),
    )
    model = entry(variant("graph"), variant("file", "gguf"))
    planning.probed.clear()
    assert plan_of(model, host).variant == "graph"
    assert planning.probed == ["cpu"]
    plan_of(model, host, thorough=True)
    assert planning.probed == ["cpu", "cpu", "gpu"]


@pytest.mark.parametrize(("probe", "told"), [("probe_fails", "libfast.so.3"), ("probe_says", "the driver is too old")])
def test_a_backend_that_cannot_run_here_says_why(probe: str, told: str) -> None:
    host = make_host(backend("a", probe=f"{HERE}:{probe}"), backend("b"), model_plugin())
    plan = plan_of(entry(variant("graph")), host)
    assert plan.backend == "b"
    assert told in reasons(plan)["graph", "a", ""]


def test_a_broken_backend_is_the_error_where_it_is_the_only_one() -> None:
    host = make_host(backend("a", probe=f"{HERE}:probe_fails"), model_plugin())
    with pytest.raises(PluginBroken, match="libfast") as caught:
        plan_of(entry(variant("graph")), host)
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_the_environment_of_a_backend_is_set_before_it_is_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_KEPT", "mine")
    monkeypatch.delenv("FAKE_SET", raising=False)
    monkeypatch.setattr(planning, "probe_cpu", lambda: _probe_environment())
    host = make_host(
        backend(probe=f"{HERE}:probe_cpu", env={"FAKE_KEPT": "theirs", "FAKE_SET": "theirs"}), model_plugin()
    )
    plan_of(entry(variant("graph")), host)
    assert _seen == {"FAKE_KEPT": "mine", "FAKE_SET": "theirs"}
    monkeypatch.delenv("FAKE_SET")


_seen: dict[str, str] = {}


def _probe_environment() -> object:
    import os

    from hub.runtime.protocols import Probe

    _seen.update({name: os.environ[name] for name in ("FAKE_KEPT", "FAKE_SET")})
    return Probe(devices=("cpu",))


def test_weights_that_a_backend_does_not_accept_are_refused_with_its_reason() -> None:
    host = make_host(backend("a", accepts=f"{HERE}:refuse"), backend("b"), model_plugin())
    plan = plan_of(entry(variant("graph")), host)
    assert plan.backend == "b"
    assert reasons(plan)["graph", "a", ""] == "bert is not supported for run"


def test_a_model_plugin_needs_its_files() -> None:
    host = make_host(backend(), model_plugin(needs={"run": ("merges.txt",)}))
    with pytest.raises(PlanError) as caught:
        plan_of(entry(variant("graph")), host)
    assert "needs merges.txt, which the variant does not have" in caught.value.details[0]


def test_the_verb_that_the_model_plugin_prefers_is_taken() -> None:
    host = make_host(backend(verbs=("run", "embed")), model_plugin(verbs=("embed", "run")))
    plan = plan_of(entry(variant("graph")), host)
    assert plan.verb == "embed"
    assert [each.reason for each in plan.rejected] == ["ranked lower: embedding prefers 'embed'"]


def test_a_model_plugin_that_knows_the_family_comes_first() -> None:
    host = make_host(backend(), model_plugin("any"), model_plugin("exact", families=("bert",)))
    assert plan_of(entry(variant("graph")), host).model_plugin == "exact"


def test_equal_ways_are_decided_by_name_whatever_was_installed_first() -> None:
    plugins = [backend("a"), backend("b"), model_plugin("x"), model_plugin("y")]
    plans = [plan_of(entry(variant("graph")), make_host(*order)) for order in (plugins, plugins[::-1])]
    assert replace(plans[0], free_memory=0) == replace(plans[1], free_memory=0)
    assert (plans[0].backend, plans[0].model_plugin) == ("a", "x")


LLAMACPP = Plugin(
    package="openmodelhub-fast",
    summary="",
    gives={"backends": ("fast",), "transforms": ("fast-int4",)},
    formats=("gguf",),
)


def test_a_missing_backend_is_named_by_the_package_that_the_registry_lists() -> None:
    with pytest.raises(PluginMissing, match="no installed backend opens gguf") as caught:
        plan_of(entry(variant("file", "gguf")), make_host(backend(), model_plugin()), listed=(LLAMACPP,))
    assert caught.value.hint == "Install it: hub plugin install openmodelhub-fast"
    assert caught.value.exit_code == 3


def test_what_a_variant_requires_is_named_where_nothing_is_installed() -> None:
    requires = ("openmodelhub-fast", "openmodelhub-words")
    with pytest.raises(PluginMissing) as caught:
        plan_of(entry(variant("file", "gguf", requires=requires)), make_host(), listed=(LLAMACPP,))
    assert caught.value.hint == "Install it: hub plugin install openmodelhub-fast openmodelhub-words"


def test_a_missing_model_plugin_is_named_by_the_variant() -> None:
    with pytest.raises(PluginMissing, match="no installed model plugin does feature-extraction") as caught:
        plan_of(entry(variant("graph", requires=("openmodelhub-words",))), make_host(backend()))
    assert caught.value.hint == "Install it: hub plugin install openmodelhub-words"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("fast", "Install it: hub plugin install openmodelhub-fast"), ("fakes", "Installed: fake. See: hub plugin list")],
)
def test_a_backend_that_is_not_installed_is_refused(name: str, hint: str) -> None:
    with pytest.raises(PluginMissing, match=name) as caught:
        plan_of(entry(variant("graph")), make_host(backend(), model_plugin()), backend=name, listed=(LLAMACPP,))
    assert caught.value.hint == hint


def test_a_step_that_a_listed_plugin_does_names_its_package() -> None:
    with pytest.raises(PluginMissing) as caught:
        plan_of(entry(variant("graph")), make_host(backend(), model_plugin()), recipe="int4", listed=(LLAMACPP,))
    assert caught.value.hint == "Install it: hub plugin install openmodelhub-fast"


def test_the_backend_that_was_asked_for_is_taken() -> None:
    host = make_host(backend("a"), backend("b"), model_plugin())
    plan = plan_of(entry(variant("graph")), host, backend="b")
    assert plan.backend == "b"
    assert reasons(plan)["graph", "a", ""] == "backend 'b' was asked for"


def test_a_load_option_rejects_the_backends_that_do_not_know_it() -> None:
    host = make_host(backend("a"), backend("b", options=(CONTEXT,)), model_plugin())
    plan = plan_of(entry(variant("graph")), host, options={"context_length": 512})
    assert (plan.backend, plan.options) == ("b", {"context_length": 512})
    assert "no option 'context_length'" in reasons(plan)["graph", "a", ""]


def test_a_load_option_that_no_backend_knows_is_an_option_error() -> None:
    with pytest.raises(OptionError, match="no option 'speed'"):
        plan_of(entry(variant("graph")), make_host(backend(), model_plugin()), options={"speed": 11})


def test_the_context_is_the_models_own_up_to_a_limit() -> None:
    host = make_host(backend(options=(CONTEXT,)), model_plugin())
    assert plan_of(entry(variant("graph"), context_length=512), host).options == {"context_length": 512}
    assert plan_of(entry(variant("graph"), context_length=131072), host).options == {"context_length": 4096}


def big(name: str, **fields: Any) -> BackendSpec:
    return backend(name, memory=f"{HERE}:needs_a_terabyte", **fields)


def test_a_way_that_does_not_fit_loses_to_one_that_does() -> None:
    plan = plan_of(entry(variant("graph")), make_host(big("a"), backend("b"), model_plugin()))
    assert plan.backend == "b"
    assert reasons(plan)["graph", "a", "cpu"].startswith("does not fit: needs 1099.51 GB, ")


def test_a_model_that_does_not_fit_is_refused_and_never_replaced_by_a_lossy_one() -> None:
    host = make_host(big("a", formats=("onnx",)), backend("b", ("gguf",)), model_plugin())
    with pytest.raises(DoesNotFit, match=r"it needs 1099\.51 GB") as caught:
        plan_of(entry(variant("graph"), variant("small", "gguf", steps=("int4",))), host)
    assert "variant 'small' fits: it needs 67.1 MB" in caught.value.details
    assert caught.value.hint == "Take it: hub run thing:small"


def test_a_context_that_fits_is_said_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.runtime.planning.judge.free_memory", lambda: 1000 * GIB)
    host = make_host(backend(options=(CONTEXT,), memory=f"{HERE}:by_context"), model_plugin())
    with pytest.raises(DoesNotFit) as caught:
        plan_of(entry(variant("graph"), context_length=4096), host)
    assert caught.value.hint == "Take it: hub run thing --context-length 768"
    fits = plan_of(entry(variant("graph"), context_length=4096), host, options={"context_length": 768})
    assert fits.estimate.total == 768 * GIB


def test_memory_that_nobody_knows_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.runtime.planning.judge.free_memory", lambda: None)
    assert plan_of(entry(variant("graph")), make_host(big("a"), model_plugin())).free_memory is None


def test_files_at_a_path_are_not_downloaded() -> None:
    target = target_of(entry(variant("graph")), root=Path("/somewhere"))
    host = make_host(backend(), model_plugin())
    assert make_plan(target, host=host, store=Store()).download == 0


def test_another_task_may_be_asked_for() -> None:
    host = make_host(backend(), model_plugin(), model_plugin("generation", "text-generation"))
    assert plan_of(entry(variant("graph")), host, task="text-generation").model_plugin == "generation"
    with pytest.raises(HubError, match="no installed model plugin does image-classification"):
        plan_of(entry(variant("graph")), host, task="image-classification")


def test_weights_of_which_nobody_says_what_they_are_for_ask_for_a_task() -> None:
    host = make_host(backend(), model_plugin())
    with pytest.raises(PlanError, match="what 'thing' is for is not known") as caught:
        plan_of(entry(variant("graph"), task=""), host)
    assert caught.value.hint == "Say it with --task: feature-extraction, text-generation"
    assert plan_of(entry(variant("graph"), task=""), host, task="feature-extraction").task == "feature-extraction"


def test_a_recipe_that_ends_early_says_where() -> None:
    host = make_host(backend(), model_plugin(), transform("int8", "onnx"), transform("prune", "gguf"))
    with pytest.raises(PlanError, match=r"step 2 of the recipe, 'prune': nothing installed does it to onnx"):
        plan_of(entry(variant("graph")), host, recipe="int8 | prune")


def test_the_device_auto_asks_for_nothing() -> None:
    assert plan_of(entry(variant("graph")), make_host(backend(), model_plugin()), device="auto").device == "cpu"


@pytest.mark.parametrize(
    ("field", "told"), [("probe", "not Probe"), ("accepts", "not str | None"), ("memory", "not Estimate")]
)
def test_a_backend_that_answers_with_something_else_is_broken_and_named(field: str, told: str) -> None:
    odd = BackendSpec(
        id="a", formats=("onnx",), verbs=("run",), target=f"{HERE}:nothing", **{field: f"{HERE}:answers_oddly"}
    )
    with pytest.raises(PluginBroken, match=f"fake-plugin 1.0 gave object from {HERE}:answers_oddly, ") as caught:
        plan_of(entry(variant("graph")), make_host(odd, model_plugin()))
    assert told in caught.value.message
    assert caught.value.hint == "Update it: hub plugin install --upgrade fake-plugin"


def test_a_prediction_that_is_something_else_rejects_its_path() -> None:
    host = make_host(backend(), model_plugin(), transform("int8", "onnx", predict=f"{HERE}:answers_oddly"))
    with pytest.raises(PlanError, match=r"not hub\.types\.Facts \| str"):
        plan_of(entry(variant("graph")), host, recipe="int8")
