"""Weights that can carry code are opened only if a registry lists them and the person allows it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from hub import config
from hub.errors import BadReference, PluginMissing, PolicyError
from hub.plugin.host import Host
from hub.plugin.specs import FormatSpec
from hub.registry.schema import Model
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.references.resolve import resolve
from hub.runtime.sessions.architecture import architecture_of
from hub.runtime.transforms.lineage import Lineage, key_of_step, write_lineage
from hub.store.names import digest_of_files
from hub.store.store import Store
from hub.types import Artifact, Facts
from tests.support.planning import backend, entry, make_host, model_plugin, target_of, transform, variant

HERE = "tests.runtime.test_plan_policy"


def plan_of(model: Model, host: Host, **asked: Any) -> Plan:
    return make_plan(target_of(model), host=host, store=Store(), listed=lambda: (), **asked)


def opens(*formats: str) -> Host:
    return make_host(backend(formats=formats), model_plugin(), transform("safetensors", "pickle", "safetensors"))


@pytest.mark.usefixtures("hub_home")
class TestPickle:
    """A plan over an entry that has nothing else."""

    model = entry(variant("original", "pickle"))

    def test_it_is_refused_with_the_way_to_allow_it(self) -> None:
        with pytest.raises(PolicyError, match="can carry code") as caught:
            plan_of(self.model, opens("pickle"))
        assert caught.value.exit_code == 4
        assert "hub run thing --allow-pickle" in caught.value.hint
        assert "hub config set allow_pickle true" in caught.value.hint
        assert caught.value.details == (
            "original → fake → run → embedding: pickle can carry code, and was not allowed",
        )

    def test_a_conversion_of_it_is_refused_too(self) -> None:
        with pytest.raises(PolicyError):
            plan_of(self.model, opens("safetensors"))

    def test_the_person_may_allow_it(self) -> None:
        assert plan_of(self.model, opens("pickle"), allow_pickle=True).facts.format == "pickle"

    @pytest.mark.parametrize("how", ["setting", "environment"])
    def test_the_settings_may_allow_it(self, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
        if how == "setting":
            config.put("allow_pickle", "true")
        else:
            monkeypatch.setenv("HUB_ALLOW_PICKLE", "1")
        assert plan_of(self.model, opens("pickle")).facts.format == "pickle"
        with pytest.raises(PolicyError):
            plan_of(self.model, opens("pickle"), allow_pickle=False)

    def test_what_is_converted_is_preferred_to_what_carries_code(self) -> None:
        plan = plan_of(self.model, opens("pickle", "safetensors"), allow_pickle=True, thorough=True)
        assert [step.transform for step in plan.recipe] == ["safetensors-pickle"]
        assert [each.reason for each in plan.rejected] == ["ranked lower: what it opens can carry code"]

    def test_what_was_converted_once_needs_no_leave(self, monkeypatch: pytest.MonkeyPatch) -> None:
        host = opens("pickle", "safetensors")
        plan = plan_of(self.model, host, allow_pickle=True)
        monkeypatch.setattr(Store, "find", lambda self, files: Artifact(digest="", path=Path(), files=()))
        with pytest.raises(PolicyError):
            plan_of(self.model, host)
        write_lineage(Store(), lineage(plan))
        assert plan_of(self.model, host).recipe == plan.recipe

    def test_another_variant_is_taken_without_a_word(self) -> None:
        both = entry(variant("original", "pickle"), variant("graph", "onnx"))
        assert plan_of(both, opens("pickle", "onnx")).variant == "graph"

    def test_a_missing_backend_is_said_to_be_missing(self) -> None:
        with pytest.raises(PluginMissing, match="no installed backend opens onnx"):
            plan_of(entry(variant("graph")), opens("pickle"))

    def test_a_format_of_a_plugin_is_held_to_the_same(self) -> None:
        joblib = FormatSpec(id="joblib", match=("*.joblib",), weights=("*.joblib",), unsafe=True)
        with pytest.raises(PolicyError):
            plan_of(entry(variant("forest", "joblib")), make_host(backend(formats=("joblib",)), model_plugin(), joblib))


def lineage(plan: Plan) -> Lineage:
    """The record of the plan's one step, as if it had been run."""
    [step], parent = plan.recipe, digest_of_files(plan.files)
    assert parent is not None
    return Lineage(
        key=key_of_step(parent, step, parent),
        digest=f"sha256:{'1' * 64}",
        parent=parent,
        model=plan.model,
        variant=plan.variant,
        recipe="safetensors",
        transform=step.transform,
        revision=step.revision,
        options={},
        lossy=False,
        plugin=step.plugin,
        version=step.version,
        hub="1",
        made="2026-01-01T00:00:00+00:00",
        format="safetensors",
        family="bert",
        files=(),
    )


@pytest.mark.usefixtures("hub_home")
def test_a_folder_of_pickles_is_refused_even_if_pickles_are_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_ALLOW_PICKLE", "1")
    (tmp_path / "model.pth").write_bytes(pickle.dumps({}))
    with pytest.raises(PolicyError, match="as pickle alone"):
        resolve(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises((PolicyError, BadReference)):
        resolve(str(tmp_path))


def build(facts: Facts, part: str) -> object:
    return facts.family, part


def test_weights_that_do_not_say_how_to_compute_get_the_architecture_of_a_plugin(hub_home: Path) -> None:
    brings = model_plugin(families=("bert",), architectures={"torch": f"{HERE}:build"})
    host = make_host(backend(frameworks=("jax", "torch")), brings, model_plugin("other", "fill-mask"))
    plan = plan_of(entry(variant("graph")), host)
    assert plan.facts.architectures == {"torch": f"{HERE}:build"}
    found = architecture_of(plan.facts, host.backends["fake"].spec.frameworks, host)
    assert found is not None
    assert found(plan.facts, "") == ("bert", "")
    assert architecture_of(plan.facts, ("jax",), host) is None
    assert (
        plan_of(entry(variant("graph"), family="gpt2"), make_host(backend(), model_plugin())).facts.architectures == {}
    )
