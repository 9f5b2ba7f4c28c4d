"""What a lossy transform made is opened and has to answer before it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import PluginBroken
from hub.runtime.transforms.lineage import key_of_step, read_lineage
from hub.runtime.transforms.transform import apply_recipe
from hub.store.store import Store
from tests.support.making import making_host, plan_for, pulled, step
from tests.support.planning import backend, make_host
from tests.support.store import tree


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("write_words", "what came out cannot be opened: backend 'scale' could not open 'a/b': ValueError"),
        ("write_nan", "what came out does not answer: backend 'scale' gave NaN"),
        ("write_infinity", "what came out does not answer: backend 'scale' gave infinity"),
    ],
)
def test_a_broken_result_is_refused_by_name_and_nothing_of_it_is_kept(
    tmp_path: Path, hub_home: Path, function: str, reason: str
) -> None:
    store = Store()
    host = making_host(step("spoil", function))
    model, parent = pulled(tmp_path / "made", store)
    before = tree(store.layout.root)
    plan = plan_for(model, host, store, "spoil")
    with pytest.raises(PluginBroken, match=f"transform 'spoil-onnx' of fake-plugin 1.0: {reason}"):
        apply_recipe(plan, parent, host=host, store=store)
    assert tree(store.layout.root) == before
    assert read_lineage(store, key_of_step(parent.digest, plan.recipe[0], parent.digest)) is None


def test_a_step_in_the_middle_is_opened_too(tmp_path: Path, hub_home: Path) -> None:
    store = Store()
    host = making_host(step("spoil", "write_words"), step("copy", "copy"))
    model, parent = pulled(tmp_path / "made", store)
    with pytest.raises(PluginBroken, match="transform 'spoil-onnx'"):
        apply_recipe(plan_for(model, host, store, "spoil | copy"), parent, host=host, store=store)


def test_a_backend_that_is_broken_itself_is_not_blamed_on_the_transform(tmp_path: Path, hub_home: Path) -> None:
    store = Store()
    host = making_host(step("double", "double"))
    model, parent = pulled(tmp_path / "made", store)
    plan = plan_for(model, host, store, "double")
    broken = make_host(
        backend("scale", target="tests.support.no_such_module:open"),
        *(provided.spec for table in (host.models, host.transforms) for provided in table.values()),
    )
    _, artifact = apply_recipe(plan, parent, host=broken, store=store)
    lineage = read_lineage(store, key_of_step(parent.digest, plan.recipe[0], parent.digest))
    assert lineage is not None
    assert lineage.check == {"skipped": "no installed backend opens onnx on the CPU for feature-extraction"}
    assert (artifact.path / "model.onnx").read_text() == "6.0"
