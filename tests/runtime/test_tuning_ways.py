"""Which ways are found: each backend, device and recipe once, as it would be asked for; and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import PlanError, PluginMissing
from hub.plugin.host import Host
from hub.plugin.specs import LoadStep
from hub.registry.schema import Model
from hub.runtime.planning.planner import make_plan
from hub.runtime.tuning.ways import Asked, Ways, find_ways, is_lossy
from hub.store.store import Store
from hub.types import Facts, Option
from tests.support import planning
from tests.support.planning import backend, entry, make_host, model_plugin, target_of, transform, variant

HERE = "tests.runtime.test_tuning_ways"
HALF = f"{planning.HERE}:predict_half"


def predict_fewer_layers(facts: Facts, options: Mapping[str, object]) -> Facts:
    return replace(facts, size=facts.size // 2, config={**facts.config, "num_hidden_layers": 2})


def ways(model: Model, host: Host, tmp_path: Path, *, named: str | None = None, **asked: object) -> Ways:
    asked = {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}
    return find_ways(
        target_of(model, named),
        Asked(**asked),  # type: ignore[arg-type]
        host=host,
        store=Store(tmp_path),
    )


def names(found: Ways) -> list[str]:
    return [way.name for way in found.found]


def reasons(found: Ways) -> dict[tuple[str, str, str], str]:
    return {(each.backend, each.device, each.recipe): each.reason for each in found.skipped}


def test_each_backend_is_found_on_each_device_that_it_sees(tmp_path: Path) -> None:
    host = make_host(
        backend("fast", devices=("cuda", "cpu"), probe=f"{planning.HERE}:probe_gpu"),
        backend("plain", devices=("cuda", "cpu"), probe=f"{planning.HERE}:probe_cpu"),
        backend("gone", probe=f"{planning.HERE}:probe_fails"),
        model_plugin(),
    )
    found = ways(entry(variant("graph")), host, tmp_path)
    assert names(found) == ["graph → fast on cuda", "graph → fast on cpu", "graph → plain on cpu"]
    assert found.base.name == "graph → fast on cuda"
    assert reasons(found)["plain", "cuda", ""] == "it finds no cuda here, only cpu"
    assert "libfast.so.3" in reasons(found)["gone", "", ""]


def test_published_variants_are_ways_and_the_default_stays_the_base(tmp_path: Path) -> None:
    model = entry(variant("graph"), variant("twin"), variant("small", steps=("int8",)), variant("other", "gguf"))
    host = make_host(backend(), transform("onnx", "gguf", "onnx"), model_plugin())
    found = ways(model, host, tmp_path)
    assert names(found) == ["graph → fake on cpu", "twin → fake on cpu", "small → fake on cpu"]
    assert [is_lossy(way.plan, found.base.plan) for way in found.found] == [False, False, True]
    assert [way.variant for way in found.found] == [None, "twin", "small"]
    assert names(ways(model, host, tmp_path, lossless=True)) == ["graph → fake on cpu", "twin → fake on cpu"]
    assert names(ways(model, host, tmp_path, named="small")) == ["small → fake on cpu"]


def test_what_a_person_would_have_to_ask_for_gives_the_plan_again(tmp_path: Path) -> None:
    model = entry(variant("weights", "safetensors"), variant("small", steps=("int8",)))
    steps = (LoadStep(step="bf16"),)
    host = make_host(
        backend("torchy", ("safetensors",), load_steps=steps),
        backend(),
        transform("onnx", "safetensors", "onnx"),
        transform("int8", "onnx", predict=HALF),
        model_plugin(),
    )
    found = ways(model, host, tmp_path)
    assert "weights → torchy on cpu (bf16)" in names(found)
    assert "weights | onnx → fake on cpu" in names(found)
    for way in found.found:
        plan = make_plan(
            target_of(model, way.variant),
            host=host,
            store=Store(tmp_path),
            backend=way.backend,
            device=way.device,
            recipe=way.recipe,
        )
        now = plan.free_memory
        assert replace(plan, rejected=()) == replace(way.plan, rejected=(), free_memory=now)


def test_compressions_are_tried_unasked_where_they_shrink_and_keep_the_shape(tmp_path: Path) -> None:
    needs = (Option(name="share", type=float),)
    host = make_host(
        backend(load_steps=(LoadStep(step="bf16"), LoadStep(step="exact", lossy=False))),
        transform("int8", "onnx", predict=HALF, name="int8"),
        transform("teach", "onnx"),
        transform("cut", "onnx", predict=f"{HERE}:predict_fewer_layers"),
        transform("pick", "onnx", predict=f"{planning.HERE}:predict_no", options=needs),
        transform("tidy", "onnx", lossy=False),
        model_plugin(),
    )
    model = entry(variant("graph"), config={"num_hidden_layers": 4})
    found = ways(model, host, tmp_path)
    assert names(found) == [
        "graph → fake on cpu",
        "graph → fake on cpu (bf16)",
        "graph → fake on cpu (exact)",
        "graph | int8 → fake on cpu",
    ]
    told = reasons(found)
    assert "'teach' does not make the weights smaller by itself" in told["fake", "cpu", "teach"]
    assert "'cut' changes the model's shape" in told["fake", "cpu", "cut"]
    assert "the graph has no MatMul" in told["fake", "cpu", "pick"]
    assert names(ways(model, host, tmp_path, lossless=True)) == ["graph → fake on cpu", "graph → fake on cpu (exact)"]
    named = ways(model, host, tmp_path, recipes=["cut", "teach"])
    assert names(named) == ["graph → fake on cpu", "graph | cut → fake on cpu", "graph | teach → fake on cpu"]


def test_a_recipe_that_a_published_variant_carries_is_no_second_way(tmp_path: Path) -> None:
    host = make_host(backend(), transform("int8", "gguf", predict=HALF), model_plugin())
    found = ways(entry(variant("graph"), variant("small", steps=("int8",))), host, tmp_path)
    assert names(found) == ["graph → fake on cpu", "small → fake on cpu"]


def test_backends_and_devices_that_are_named_limit_it(tmp_path: Path) -> None:
    host = make_host(
        backend("fast", devices=("cuda", "cpu"), probe=f"{planning.HERE}:probe_gpu"), backend("plain"), model_plugin()
    )
    model = entry(variant("graph"))
    found = ways(model, host, tmp_path, backends=["plain"])
    assert (names(found), found.base.name) == (["graph → plain on cpu"], "graph → plain on cpu")
    assert names(ways(model, host, tmp_path, devices=["cpu"])) == ["graph → fast on cpu", "graph → plain on cpu"]
    with pytest.raises(PluginMissing, match="'slow' is not installed"):
        ways(model, host, tmp_path, backends=["slow"])


def test_a_model_that_nothing_runs_says_why(tmp_path: Path) -> None:
    with pytest.raises(PluginMissing, match="no installed backend opens gguf"):
        ways(entry(variant("file", "gguf")), make_host(backend(), model_plugin()), tmp_path)
    host = make_host(backend(accepts=f"{planning.HERE}:refuse"), model_plugin())
    with pytest.raises(PlanError, match="bert is not supported for run"):
        ways(entry(variant("graph")), host, tmp_path)
