"""What was found is taken while machine, libraries and files are the same, where nothing else is asked for."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import msgspec
import pytest

from hub import config
from hub.errors import StorageError
from hub.plugin.host import Host
from hub.registry.schema import Model, Variant
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.tuning.fingerprint import accelerators, libraries, machine_now, model_digest
from hub.runtime.tuning.winners import Winner, forget_winner, keep_winner, read_winner
from hub.store.store import Store
from hub.types import JSON
from tests.support.making import making_host, pulled, step
from tests.support.planning import backend, entry, make_host, model_plugin, target_of, variant

TASK = "feature-extraction"


def model() -> Model:
    return entry(variant("graph"), variant("small", steps=("int8",)))


def host() -> Host:
    return make_host(backend("first"), backend("second"), model_plugin())


def way(name: str, place: str, gain: float) -> dict[str, JSON]:
    return {"variant": name, "recipe": "", "backend": place, "device": "cpu", "verb": "run", "gain": gain, "loss": None}


def remember(entry: Model, **changes: object) -> Winner:
    """Remember that `second` is twice as fast, or what the changes say."""
    fields: dict[str, object] = {
        "model": entry.id,
        "task": TASK,
        "variant": None,
        "recipe": "",
        "backend": "second",
        "device": "cpu",
        "goal": "latency",
        "max_loss": None,
        "gain": 2.0,
        "made": "2030-01-02T03:04:05+00:00",
        "digest": model_digest(target_of(entry)),
        "machine": machine_now(),
        "libraries": libraries("second", host()),
        "measured": (way("graph", "first", 1.0), way("graph", "second", 2.0)),
        **changes,
    }
    winner = Winner(**fields)  # type: ignore[arg-type]
    keep_winner(target_of(entry), winner)
    return winner


def plan(entry: Model, tmp_path: Path, **asked: object) -> Plan:
    return make_plan(target_of(entry), host=host(), store=Store(tmp_path), **asked)  # type: ignore[arg-type]


def test_a_winner_is_kept_read_and_forgotten() -> None:
    winner, target = remember(model()), target_of(model())
    assert read_winner(target, TASK) == winner
    assert read_winner(target, "another-task") is None
    assert read_winner(target_of(model(), "small"), TASK) is None
    assert forget_winner(target, TASK)
    assert not forget_winner(target, TASK)
    assert read_winner(target, TASK) is None


def test_the_plan_is_what_won_and_says_so(tmp_path: Path) -> None:
    assert plan(model(), tmp_path).backend == "first"
    remember(model())
    found = plan(model(), tmp_path)
    assert (found.backend, found.notes) == ("second", ())
    assert found.tuned is not None
    assert (found.tuned.goal, found.tuned.gain, found.tuned.measured) == ("latency", 2.0, 2)
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_thorough_plan_tells_what_each_other_way_reached(tmp_path: Path) -> None:
    remember(model())
    lost = {(each.variant, each.backend): each.reason for each in plan(model(), tmp_path, thorough=True).rejected}
    assert lost["graph", "first"] == "measured: 2.00 times the time of the chosen way"
    assert lost["small", "first"] == "ranked lower: it is lossy, which was not asked for"
    assert ("graph", "second") not in lost


@pytest.mark.parametrize(
    "asked",
    [{"backend": "first"}, {"device": "cpu"}, {"recipe": "onnx"}, {"tuned": False}],
    ids=lambda asked: next(iter(asked)),
)
def test_what_is_asked_for_comes_first(asked: dict[str, object], tmp_path: Path) -> None:
    remember(model())
    found = plan(model(), tmp_path, **asked)
    assert (found.backend, found.tuned, found.notes) == ("first", None, ())


def test_a_variant_that_is_named_has_a_winner_of_its_own(tmp_path: Path) -> None:
    remember(model())
    found = make_plan(target_of(model(), "graph"), host=host(), store=Store(tmp_path))
    assert (found.backend, found.tuned) == ("first", None)


def test_a_published_variant_may_win(tmp_path: Path) -> None:
    remember(model(), variant="small", max_loss=0.01)
    found = plan(model(), tmp_path)
    assert (found.variant, found.backend, found.notes) == ("small", "second", ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"digest": "0" * 64}, "the model's files are others now"),
        ({"machine": {**machine_now(), "cores": 96}}, "cores was 96 and is "),
        ({"machine": {**machine_now(), "accelerators": ["10de:2330"]}}, "accelerators was 10de:2330 and is "),
        ({"machine": {**machine_now(), "memory": None}}, "memory was none and is "),
        ({"libraries": {"fake-plugin": "0.9"}}, "fake-plugin was 0.9 and is 1.0"),
        ({"backend": "third"}, "backend 'third' is not installed any more"),
        ({"device": "cuda"}, "second knows no device 'cuda'"),
        ({"recipe": "vanish"}, "'vanish' is not known"),
    ],
    ids=["files", "cores", "accelerators", "memory", "library", "backend", "device", "recipe"],
)
def test_one_that_holds_no_more_is_told_and_not_used(changes: dict[str, object], reason: str, tmp_path: Path) -> None:
    remember(model(), **changes)
    found = plan(model(), tmp_path)
    assert (found.backend, found.tuned) == ("first", None)
    [note] = found.notes
    assert note.startswith("what was tuned for latency on 2030-01-02 is not used: ")
    assert reason in note
    assert note.endswith("Measure again: hub tune thing; forget it: hub tune thing --reset")


def test_the_device_of_the_settings_comes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(model())
    monkeypatch.setenv("HUB_DEVICE", "cuda")
    [note] = plan(model(), tmp_path).notes
    assert "it runs on cpu, and device 'cuda' is set" in note
    monkeypatch.setenv("HUB_DEVICE", "cpu")
    assert plan(model(), tmp_path).backend == "second"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"model": 3', json.dumps({"gain": "much"})])
def test_a_file_that_cannot_be_read_is_as_none(text: str, tmp_path: Path) -> None:
    remember(model())
    [path] = (config.home() / "tuned").iterdir()
    path.write_text(text)
    assert plan(model(), tmp_path).backend == "first"


def test_a_home_that_cannot_be_written_is_an_error() -> None:
    (config.home()).mkdir(parents=True)
    (config.home() / "tuned").write_text("a file")
    with pytest.raises(StorageError):
        remember(model())


def test_what_was_made_is_not_made_again_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKING_COUNT", str(tmp_path / "count"))
    store, made = Store(tmp_path / "store"), making_host(step("double", "double"))
    known, _ = pulled(tmp_path / "files", store)
    remember(known, backend="scale", recipe="double", max_loss=0.5, libraries=libraries("scale", made))
    found = make_plan(target_of(known), host=made, store=store)
    assert (found.recipe, found.tuned) == ((), None)
    assert "what 'double' made is not on this machine any more" in found.notes[0]
    assert not (tmp_path / "count").exists()


def test_files_of_a_repository_are_known_by_its_commit() -> None:
    learnt = replace(target_of(model()), revision="a" * 40)
    files = tuple(replace_file(variant) for variant in model().variants)
    assert model_digest(learnt) == model_digest(replace(learnt, model=entry(*files)))
    assert model_digest(learnt) != model_digest(replace(learnt, revision="b" * 40))


def replace_file(known: Variant) -> Variant:
    """The same files with hashes that are not known yet."""
    return msgspec.structs.replace(known, files=tuple(msgspec.structs.replace(file, sha256="") for file in known.files))


def test_files_of_a_path_are_known_by_when_they_were_written(tmp_path: Path) -> None:
    target = replace(target_of(model()), root=tmp_path)
    before = model_digest(target)
    (tmp_path / "model.onnx").write_text("x")
    assert model_digest(target) != before


def test_accelerators_are_those_of_the_bus(tmp_path: Path) -> None:
    for slot, kind, ids in (
        ("0000:01:00.0", "0x030200", ("0x10de", "0x2330")),
        ("0000:02:00.0", "0x020000", ("0x8086", "0x1572")),
        ("0000:03:00.0", "0x120000", ("0x8086", "0x7d1d")),
    ):
        (tmp_path / slot).mkdir()
        for name, text in zip(("class", "vendor", "device"), (kind, *ids), strict=True):
            (tmp_path / slot / name).write_text(f"{text}\n")
    (tmp_path / "0000:04:00.0").mkdir()
    assert accelerators(tmp_path) == ("10de:2330", "8086:7d1d")
    assert accelerators(tmp_path / "none") == ()


def test_the_libraries_of_a_backend_are_what_its_package_requires() -> None:
    made = make_host(backend("second"))
    provided = replace(made.backends["second"], distribution="openmodelhub", version="9")
    made.backends = {"second": provided}
    found = libraries("second", made)
    assert (found["openmodelhub"], found["click"]) == ("9", metadata.version("click"))


def test_memory_is_compared_in_whole_gibibytes() -> None:
    memory = machine_now()["memory"]
    assert memory is None or str(memory).endswith(" GiB")
