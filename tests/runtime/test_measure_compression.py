"""A compression is measured on every backend that opens it, and kept with its figures or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.errors import InferenceError, PluginBroken, PolicyError, UsageError, VerificationError
from hub.runtime.measure.compression import Compression, compress
from hub.runtime.measure.effort import Effort
from hub.runtime.measure.record import keep_figures, way_json
from hub.runtime.measure.ways import origin_of
from hub.runtime.planning.planner import make_plan
from hub.runtime.references.fetch import fetch
from hub.runtime.references.resolve import resolve
from hub.runtime.transforms.again import make_again
from hub.runtime.transforms.data import measuring_data, task_inputs
from hub.runtime.transforms.export import export
from hub.runtime.transforms.figures import read_figures
from hub.runtime.transforms.lineage import all_lineages, chain_of
from hub.runtime.transforms.ready import make_ready
from hub.store.store import Store
from tests.support.bent import TEXTS, bent_host, bent_model
from tests.support.store import tree

QUICK = Effort(rounds=1, calls=2, seconds=0, batches=(1,))


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model `bent`, and texts to measure on."""
    return bent_model(tmp_path / "made", monkeypatch)


def compressed(
    recipe: str, texts: Path, *, max_loss: float | None = None, backend: str | None = None, others: bool = True
) -> Compression:
    host, store, target = bent_host(), Store(), resolve("bent")
    plan = make_plan(target, host=host, store=store, recipe=recipe, backend=backend)
    return compress(
        target,
        plan,
        recipe,
        host=host,
        store=store,
        others=others,
        data=texts,
        max_loss=max_loss,
        effort=QUICK,
    )


def test_it_is_measured_on_every_backend_against_the_same_backend_before(texts: Path) -> None:
    done = compressed("push:by=2", texts)
    assert [way.name for way in done.ways] == ["bender on cpu", "other on cpu"]
    for way in done.ways:
        assert way.origin.plan.backend == way.subject.plan.backend
        assert way.origin.plan.recipe == ()
        assert way.before is not None
        assert way.after is not None
        assert way.fidelity is not None
        assert way.fidelity.inputs == len(TEXTS)
    first, second = (way.fidelity for way in done.ways)
    assert first is not None
    assert second is not None
    assert first.loss == second.loss > 0


def test_a_backend_that_cannot_open_the_result_is_told_and_does_not_end_it(texts: Path) -> None:
    first, second = compressed("push:by=9", texts).ways
    assert first.error is None
    assert isinstance(second.error, InferenceError)
    assert "the first number is too large" in second.error.message
    assert second.after is None


def test_the_loss_is_against_the_origin_and_not_the_parent(texts: Path) -> None:
    once = compressed("push:by=1", texts, others=False).ways[0].fidelity
    twice = compressed("push:by=1 | push:by=1", texts, others=False).ways[0].fidelity
    whole = compressed("push:by=2", texts, others=False).ways[0].fidelity
    assert once is not None
    assert twice is not None
    assert whole is not None
    assert once.loss < twice.loss == whole.loss


def test_the_origin_is_what_comes_before_the_first_lossy_step(texts: Path) -> None:
    host, store, target = bent_host(), Store(), resolve("bent")

    def origin(recipe: str) -> list[str]:
        plan = make_plan(target, host=host, store=store, recipe=recipe)
        return list(map(str, origin_of(target, plan, host=host, store=store).recipe))

    assert origin("same | push | same") == ["same"]
    assert origin("same | same") == []
    assert origin("push") == []


def test_what_a_backend_does_while_it_opens_is_measured_and_kept_for_the_variant(texts: Path) -> None:
    done = compressed("halved", texts)
    [way] = done.ways
    assert way.name == "bender on cpu (halved)"
    assert way.origin.artifact == way.subject.artifact
    assert way.fidelity is not None
    assert way.fidelity.loss > 0
    keep_figures(done, Store())
    kept = read_figures(Store(), way.subject.artifact.digest)
    assert list(kept) == ["bender on cpu (halved)"]
    assert kept["bender on cpu (halved)"]["load_steps"] == "halved"  # type: ignore[call-overload, index]


def test_figures_are_kept_in_the_lineage_beside_those_of_other_ways(texts: Path) -> None:
    done = compressed("push:by=2", texts, backend="bender", others=False)
    keep_figures(done, Store())
    keep_figures(compressed("push:by=2", texts, backend="other", others=False), Store())
    digest = done.subject.artifact.digest
    [lineage] = chain_of(Store(), digest)
    assert set(lineage.figures) == {"bender on cpu", "other on cpu"}
    assert read_figures(Store(), digest) == lineage.figures
    kept = json.loads(json.dumps(lineage.figures["bender on cpu"]))
    assert kept["loss"] == pytest.approx(way_json(done.ways[0], done)["loss"])
    assert kept["data"] == list(done.data.content)
    assert kept["before"]["speeds"][0]["batch"] == 1
    assert kept["origin"]["variant"] == "plain"
    assert kept["machine"]["cores"] >= 1


def test_past_the_limit_nothing_is_kept_of_what_was_made(texts: Path) -> None:
    store = Store()
    fetch(resolve("bent"), "plain", store=store)
    before = tree(store.layout.root)
    with pytest.raises(
        PolicyError, match=r"loses more than 0.001, and nothing of it was kept: bender on cpu: 0"
    ) as told:
        compressed("same | push:by=2 | push:by=1", texts, max_loss=0.001)
    assert told.value.exit_code == 4
    assert any("cosine" in line for line in told.value.details)
    assert tree(store.layout.root) == before
    assert all_lineages(store) == []
    assert [record.name for record in store.records()] == ["tests/bent:plain"]


def test_past_the_limit_what_was_there_before_stays(texts: Path) -> None:
    store = Store()
    compressed("push:by=2", texts, others=False)
    before = tree(store.layout.root)
    with pytest.raises(PolicyError):
        compressed("push:by=2 | push:by=3", texts, max_loss=0.001)
    assert tree(store.layout.root) == before
    with pytest.raises(PolicyError, match="what was made earlier stays"):
        compressed("push:by=2", texts, max_loss=0.001)
    assert tree(store.layout.root) == before


def test_a_loss_within_the_limit_is_kept(texts: Path) -> None:
    done = compressed("push:by=0.01", texts, max_loss=0.001)
    assert Store().find(done.subject.artifact.files) is not None


def test_a_broken_result_is_refused_before_it_is_measured(texts: Path) -> None:
    with pytest.raises(PluginBroken, match=r"transform 'bend-spoil' of openmodelhub-bending 1.0: what came out"):
        compressed("spoil", texts)
    assert all_lineages(Store()) == []


def test_data_that_is_missing_is_said_before_anything_is_made(texts: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        compressed("push", texts.with_name("gone.txt"))
    texts.write_text(" \n")
    with pytest.raises(UsageError, match="is empty"):
        compressed("push", texts)
    texts.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="it is no text in UTF-8"):
        compressed("push", texts)
    assert not Store().records()


def test_a_kill_in_a_step_leaves_nothing_half_kept(tmp_path: Path, texts: Path) -> None:
    store = Store()
    fetch(resolve("bent"), "plain", store=store)
    started = tmp_path / "started"
    command = [sys.executable, "-m", "hub", "compress", "bent", "push | stall", "--data", str(texts)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "BENDING_STARTED": str(started)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not started.exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [record.name for record in store.records()] == ["tests/bent:plain"]
    assert [lineage.recipe for lineage in all_lineages(store)] == ["push"]
    for lineage in all_lineages(store):
        assert store.find(lineage.files) is not None
    store.collect()
    assert not list(store.layout.sessions.iterdir())


def test_making_it_again_gives_the_same(texts: Path) -> None:
    host, store, target = bent_host(), Store(), resolve("bent")
    plan = make_plan(target, host=host, store=store, recipe=f"push:by=2 | learn:data={texts}")
    opens, made = make_ready(target, plan, host=host, store=store)
    before = tree(store.layout.root)
    parent = fetch(target, "plain", store=store)
    steps = make_again(plan, parent, made, host=host, store=store)
    assert [step.recipe.partition(":data")[0] for step in steps] == ["push:by=2", "push:by=2 | learn"]
    assert steps[-1].digest == made.digest
    assert tree(store.layout.root) == before
    assert opens.facts.size == sum(file.size or 0 for file in made.files)


def test_a_step_that_gives_something_else_is_named(texts: Path) -> None:
    host, store, target = bent_host(), Store(), resolve("bent")
    plan = make_plan(target, host=host, store=store, recipe="push:by=2 | vary | push:by=1")
    _, made = make_ready(target, plan, host=host, store=store)
    parent = fetch(target, "plain", store=store)
    with pytest.raises(VerificationError, match=r"step 'vary' gives something else when it is done again: model.bend"):
        make_again(plan, parent, made, host=host, store=store)
    assert store.find(made.files) == made


def test_an_artifact_is_copied_with_its_lineage(tmp_path: Path, texts: Path) -> None:
    done = compressed("push:by=2", texts, others=False)
    store = Store()
    keep_figures(done, store)
    out = tmp_path / "out" / "small"
    export(done.subject.artifact, out, store)
    assert {path.name for path in out.iterdir()} == {"model.bend", "labels.txt", "hub-lineage.json"}
    assert (out / "model.bend").stat().st_nlink == 1
    content = json.loads((out / "hub-lineage.json").read_text())
    assert content["digest"] == done.subject.artifact.digest
    [step] = content["steps"]
    assert (step["recipe"], step["plugin"], step["version"]) == ("push:by=2", "openmodelhub-bending", "1.0")
    assert step["figures"]["bender on cpu"]["loss"] > 0
    with pytest.raises(UsageError, match="is there already"):
        export(done.subject.artifact, out, store)
    assert [path.name for path in out.parent.iterdir()] == ["small"]


def test_json_lines_carry_labels(tmp_path: Path, texts: Path) -> None:
    host, store = bent_host(), Store()
    data = tmp_path / "labelled.jsonl"
    data.write_text('{"text": "a", "label": 1}\n\n{"text": "b", "label": "no"}\n')
    found = measuring_data("feature-extraction", data, host=host, store=store)
    assert (found.inputs, found.labels) == (["a", "b"], ["1", "no"])
    assert task_inputs("feature-extraction", data, host=host, store=store) == ["a", "b"]
    data.write_text('{"text": "a"}\n{"text": "b", "label": "no"}\n')
    assert measuring_data("feature-extraction", data, host=host, store=store).labels == []
    data.write_text('{"text": "a"}\nb\n')
    with pytest.raises(UsageError, match="line 2 is no JSON"):
        measuring_data("feature-extraction", data, host=host, store=store)
    data.write_text('["a"]\n')
    with pytest.raises(UsageError, match="line 1 is no JSON object"):
        measuring_data("feature-extraction", data, host=host, store=store)
