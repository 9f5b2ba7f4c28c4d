"""Transforms run once, checked before they are kept, and nothing half-made is ever taken."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import HubError, InferenceError, PluginBroken, PluginMissing, StorageError, UsageError
from hub.plugin.builtin import hub_tasks
from hub.plugin.host import Host
from hub.runtime.planning.plan import Plan
from hub.runtime.protocols import OpenRequest, Weights
from hub.runtime.sessions.load import open_plan
from hub.runtime.transforms.data import content_of
from hub.runtime.transforms.lineage import data_in_use, key_of_step, read_lineage
from hub.runtime.transforms.recording import opened
from hub.runtime.transforms.transform import apply_recipe, find_derived
from hub.store.blobs import hash_file
from hub.store.progress import Silent
from hub.store.store import Store
from hub.types import Artifact, Facts, Option, WeightFile
from tests.support.making import Scale, making_host, plan_for, pulled, step
from tests.support.planning import backend, make_host

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(hub_home: Path) -> Store:
    return Store()


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that grows by one byte for each transform that runs."""
    path = tmp_path / "count"
    path.touch()
    monkeypatch.setenv("MAKING_COUNT", str(path))
    return path


class Said(Silent):
    """Keeps what is said to the person."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def ready(tmp_path: Path, store: Store, recipe: str, host: Host) -> tuple[Plan, Artifact]:
    model, artifact = pulled(tmp_path / "made", store)
    return plan_for(model, host, store, recipe), artifact


def test_a_step_is_done_once_and_found_again(tmp_path: Path, store: Store, count: Path) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    assert find_derived(plan, host=host, store=store) is None
    opens, artifact = apply_recipe(plan, parent, host=host, store=store)
    assert (artifact.path / "model.onnx").read_text() == "6.0"
    assert (artifact.path / "tokenizer.json").read_text() == "{}"
    assert opens.facts.parts == {"": ("model.onnx",)}
    assert apply_recipe(plan, parent, host=host, store=store) == (opens, artifact)
    assert find_derived(plan, host=host, store=store) == (opens, artifact)
    assert count.read_text() == "x"


def test_what_was_made_is_what_is_opened(tmp_path: Path, store: Store) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double | double", host)
    opens, artifact = apply_recipe(plan, parent, host=host, store=store)
    model = open_plan(opens, artifact, host)
    assert model.infer(["four"], {})[0].tolist() == [48.0]
    model.close()


def test_an_empty_recipe_changes_nothing(tmp_path: Path, store: Store) -> None:
    host = making_host()
    plan, parent = ready(tmp_path, store, "", host)
    assert apply_recipe(plan, parent, host=host, store=store) == (plan, parent)


def test_the_steps_of_a_longer_recipe_are_shared_with_a_shorter_one(tmp_path: Path, store: Store, count: Path) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    apply_recipe(plan, parent, host=host, store=store)
    longer, _ = ready(tmp_path, store, "double | double", host)
    apply_recipe(longer, parent, host=host, store=store)
    assert count.read_text() == "xx"


def test_lineage_says_where_an_artifact_comes_from(tmp_path: Path, store: Store) -> None:
    option = Option(name="level", type=int, default=1)
    host = making_host(step("double", "double", options=(option,), revision=3))
    plan, parent = ready(tmp_path, store, "double:level=2", host)
    _, artifact = apply_recipe(plan, parent, host=host, store=store)
    lineage = read_lineage(store, key_of_step(parent.digest, plan.recipe[0], parent.digest))
    assert lineage is not None
    assert (lineage.parent, lineage.digest) == (parent.digest, artifact.digest)
    assert (lineage.transform, lineage.revision, lineage.options) == ("double-onnx", 3, {"level": 2})
    assert (lineage.plugin, lineage.version, lineage.recipe) == ("fake-plugin", "1.0", "double:level=2")
    assert (lineage.model, lineage.variant, lineage.lossy, lineage.check["opened"]) == ("a/b", "graph", True, "scale")


def test_another_option_or_revision_is_another_artifact(tmp_path: Path, store: Store, count: Path) -> None:
    option = Option(name="level", type=int, default=1)
    host = making_host(step("double", "double", options=(option,)))
    newer = making_host(step("double", "double", options=(option,), revision=2))
    for each, recipe in ((host, "double"), (host, "double:level=1"), (host, "double:level=2"), (newer, "double")):
        plan, parent = ready(tmp_path, store, recipe, each)
        apply_recipe(plan, parent, host=each, store=store)
    assert count.read_text() == "xxx"


@pytest.mark.parametrize("declared", [True, False])
def test_what_the_recipe_began_with_is_part_of_the_key_of_a_step_that_learns_from_it(
    tmp_path: Path, store: Store, count: Path, declared: bool
) -> None:
    host = making_host(step("one", "write_one"), step("learn", "learn_origin", origin=declared))
    made = []
    for number in ("3.0", "4.0", "3.0"):
        model, parent = pulled(tmp_path / number, store, number)
        plan = plan_for(model, host, store, "one | learn")
        _, artifact = apply_recipe(plan, parent, host=host, store=store)
        assert find_derived(plan, host=host, store=store) is not None
        made.append((artifact.path / "model.onnx").read_text())
    assert made == (["3.0", "4.0", "3.0"] if declared else ["3.0"] * 3)
    assert count.read_text() == ("xx" if declared else "x")


def test_after_a_converter_its_output_is_what_the_recipe_began_with(tmp_path: Path, store: Store, count: Path) -> None:
    host = making_host(
        step("same", "copy", lossy=False, gives="onnx"),
        step("one", "write_one"),
        step("learn", "learn_origin", origin=True),
    )
    plan, parent = ready(tmp_path, store, "same | one | learn", host)
    opens, artifact = apply_recipe(plan, parent, host=host, store=store)
    assert (artifact.path / "model.onnx").read_text() == "3.0 "
    assert find_derived(plan, host=host, store=store) == (opens, artifact)


def test_feeds_are_recorded_where_the_backend_rounds_least(tmp_path: Path) -> None:
    option = Option(name="dtype", type=str, default="auto", choices=("auto", "float32"))
    host = make_host(backend("scale", options=(option,), exact={"dtype": "float32"}, target=f"{__name__}:noting"))
    facts = Facts(task="feature-extraction", family="", format="onnx", files=(), parts={"": ()})
    ASKED.clear()
    with opened(Weights(path=tmp_path, facts=facts), host.backends["scale"], host) as parts:
        assert list(parts) == [""]
    assert [request.options for request in ASKED] == [{"dtype": "float32"}]


ASKED: list[OpenRequest] = []


def noting(request: OpenRequest) -> Scale:
    """Keep what was asked."""
    ASKED.append(request)
    return Scale(1.0)


def test_what_was_made_is_listed_and_is_no_garbage(tmp_path: Path, store: Store) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    _, artifact = apply_recipe(plan, parent, host=host, store=store)
    assert [record.name for record in store.records()] == ["a/b:graph", "a/b:graph+double"]
    store.collect()
    assert store.find(artifact.files) == artifact


def test_an_artifact_that_was_removed_is_made_again(tmp_path: Path, store: Store, count: Path) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    apply_recipe(plan, parent, host=host, store=store)
    store.remove([record for record in store.records() if record.variant == "graph+double"])
    assert find_derived(plan, host=host, store=store) is None
    _, artifact = apply_recipe(plan, parent, host=host, store=store)
    assert (artifact.path / "model.onnx").read_text() == "6.0"
    assert count.read_text() == "xx"


def test_a_lineage_that_cannot_be_read_is_made_again(tmp_path: Path, store: Store, count: Path) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    apply_recipe(plan, parent, host=host, store=store)
    for path in (store.layout.root / "derived").iterdir():
        path.write_text("{")
    assert find_derived(plan, host=host, store=store) is None
    apply_recipe(plan, parent, host=host, store=store)
    assert count.read_text() == "xx"


def test_the_plan_downloads_nothing_where_the_result_is_here(tmp_path: Path, store: Store) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    apply_recipe(plan, parent, host=host, store=store)
    store.remove([record for record in store.records() if record.variant == "graph"])
    assert store.find(plan.files) is None
    model, _ = pulled(tmp_path / "elsewhere", Store(tmp_path / "other"))
    again = plan_for(model, host, store, "double")
    assert (store.download_size(again.files) > 0, again.download) == (True, 0)


def test_weights_outside_the_store_are_transformed_and_left_alone(tmp_path: Path, store: Store) -> None:
    host = making_host(step("double", "spoil_input"))
    model, _ = pulled(tmp_path / "made", Store(tmp_path / "other"))
    plan = plan_for(model, host, store, "double")
    outside = Artifact(digest="", path=tmp_path / "made", files=plan.files)
    _, artifact = apply_recipe(plan, outside, host=host, store=store)
    assert (artifact.path / "model.onnx").read_text() == "9 "
    assert (tmp_path / "made" / "model.onnx").read_text() == "3.0"


def test_an_asset_that_the_transform_writes_replaces_the_old_one(tmp_path: Path, store: Store) -> None:
    host = making_host(step("own", "write_asset"))
    plan, parent = ready(tmp_path, store, "own", host)
    _, artifact = apply_recipe(plan, parent, host=host, store=store)
    assert (artifact.path / "tokenizer.json").read_text() == "mine"
    assert (parent.path / "tokenizer.json").read_text() != "mine"


DATA = Option(name="data", type=Path)


def test_a_transform_gets_data_feeds_the_origin_and_its_checkpoints(tmp_path: Path, store: Store) -> None:
    host = making_host(step("double", "double"), step("note", "note_request", options=(DATA,)))
    data = tmp_path / "data.txt"
    data.write_text("four\n\n  seven77\n")
    plan, parent = ready(tmp_path, store, f"double | note:data={data}", host)
    with pytest.raises(InferenceError, match="half-way"):
        apply_recipe(plan, parent, host=host, store=store)
    said = Said()
    _, artifact = apply_recipe(plan, parent, host=host, store=store, progress=said)
    assert json.loads((artifact.path / "seen.json").read_text()) == {
        "inputs": ["four", "seven77"],
        "feeds": [[4.0], [7.0]],
        "origin": "3.0",
        "checkpoint": "half",
    }
    assert any("half of it" in line for line in said.lines)
    assert not list((store.layout.root / "work").iterdir())


def test_the_content_of_a_file_is_part_of_the_key(tmp_path: Path, store: Store, count: Path) -> None:
    host = making_host(step("copy", "copy", options=(DATA,)))
    data, twin = tmp_path / "data.txt", tmp_path / "twin.txt"
    for path, text in ((data, "one"), (twin, "one"), (data, "two")):
        path.write_text(text)
        plan, parent = ready(tmp_path, store, f"copy:data={path}", host)
        apply_recipe(plan, parent, host=host, store=store)
    assert count.read_text() == "xx"  # the name does not count


def test_the_data_of_a_task_stays_while_what_was_made_with_it_does(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "public.txt"
    path.write_text("one\ntwo\nthree\nfour\n")
    sha256, size = hash_file(path)
    data = WeightFile(path="public.txt", size=size, sha256=sha256, sources=(f"file:{path}",))
    tasks = [replace(task, data=(data,), read=None) for task in hub_tasks()]
    monkeypatch.setattr("tests.support.planning.hub_tasks", lambda: tasks)
    host = making_host(step("copy", "copy", options=(DATA,)))
    plan, parent = ready(tmp_path, store, "copy", host)
    apply_recipe(plan, parent, host=host, store=store)
    assert data_in_use(store) == {sha256}
    store.collect(data_in_use(store))
    assert store.find((data,)) is not None
    store.remove([record for record in store.records() if record.variant == "graph+copy"])
    assert data_in_use(store) == set()
    assert {item.name for item in store.collect()} >= {sha256}


def test_what_is_in_a_folder_that_an_option_names_is_part_of_the_key(tmp_path: Path) -> None:
    options = (Option(name="teacher", type=Path),)
    (tmp_path / "sub").mkdir()
    seen = []
    for name, text in (("config.json", "{}"), ("sub/model.safetensors", "x"), ("sub/model.safetensors", "y")):
        (tmp_path / name).write_text(text)
        seen.append(content_of(options, {"teacher": tmp_path}, None)["teacher"])
    assert len(set(seen)) == 3
    assert content_of(options, {"teacher": tmp_path}, None)["teacher"] == seen[-1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"  \n", "is empty"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"a\x00b", "no text"),
    ],
)
def test_data_that_cannot_be_used_is_named(
    tmp_path: Path, store: Store, count: Path, content: bytes | None, told: str
) -> None:
    host = making_host(step("copy", "copy", options=(DATA,)))
    data = tmp_path / "data.txt"
    if content is not None:
        data.write_bytes(content)
    with pytest.raises(UsageError, match=told) as caught:
        apply_recipe(*ready(tmp_path, store, f"copy:data={data}", host), host=host, store=store)
    assert str(data) in caught.value.message
    assert not count.read_text()


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("write_nothing", "wrote no file"),
        ("write_empty", "wrote an empty file: model.onnx"),
        ("write_other", r"wrote no \*.onnx, which format onnx has"),
        ("write_link", "wrote model.onnx, which is no plain file"),
        ("fail", "the graph is broken"),
        ("leave", "fake-plugin 1.0"),
    ],
)
def test_a_transform_that_fails_leaves_nothing(tmp_path: Path, store: Store, function: str, told: str) -> None:
    host = making_host(step("bad", function))
    plan, parent = ready(tmp_path, store, "bad", host)
    before = tree(store)
    with pytest.raises(HubError, match=told) as caught:
        apply_recipe(plan, parent, host=host, store=store)
    assert isinstance(caught.value, InferenceError if function == "fail" else PluginBroken)
    assert tree(store) == before
    assert find_derived(plan, host=host, store=store) is None


def tree(store: Store) -> set[str]:
    """Everything in the store but lock files."""
    root = store.layout.root
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_a_step_that_the_disk_cannot_hold_is_refused_first(
    tmp_path: Path, store: Store, count: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr("hub.store.space.shutil.disk_usage", lambda path: usage)
    with pytest.raises(StorageError, match="step 'double' needs"):
        apply_recipe(plan, parent, host=host, store=store)
    assert count.read_text() == ""


def test_a_transform_that_is_gone_is_named_with_its_package(tmp_path: Path, store: Store) -> None:
    plan, parent = ready(tmp_path, store, "double", making_host(step("double", "double")))
    with pytest.raises(PluginMissing, match="double-onnx") as caught:
        apply_recipe(plan, parent, host=making_host(), store=store)
    assert caught.value.hint == "Install it: hub plugin install fake-plugin"


def test_a_converter_is_checked_against_its_input(tmp_path: Path, store: Store) -> None:
    host = making_host(step("copy", "copy", lossy=False, gives="onnx", tolerance=1e-6))
    plan, parent = ready(tmp_path, store, "copy", host)
    apply_recipe(plan, parent, host=host, store=store)
    lineage = read_lineage(store, key_of_step(parent.digest, plan.recipe[0], parent.digest))
    assert lineage is not None
    assert lineage.check == {"tolerance": 1e-6, "difference": 0.0, "samples": 6}


def test_a_converter_that_changes_the_answers_is_refused(tmp_path: Path, store: Store) -> None:
    host = making_host(step("copy", "double", lossy=False, gives="onnx"))
    plan, parent = ready(tmp_path, store, "copy", host)
    before = tree(store)
    with pytest.raises(
        PluginBroken, match=r"'copy-onnx' of fake-plugin 1\.0: what came out differs .* by 1, and 0\.001"
    ):
        apply_recipe(plan, parent, host=host, store=store)
    assert tree(store) == before


def test_threads_that_want_the_same_artifact_make_it_once(tmp_path: Path, store: Store, count: Path) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    made: list[Artifact] = []
    threads = [
        threading.Thread(target=lambda: made.append(apply_recipe(plan, parent, host=host, store=Store())[1]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len({artifact.digest for artifact in made}) == 1
    assert count.read_text() == "x"


CHILD = """
import sys
from pathlib import Path
from hub.runtime.transforms.transform import apply_recipe
from hub.store.store import Store
from tests.support.making import making_host, plan_for, pulled, step

host, store = making_host(step("slow", sys.argv[1])), Store()
model, artifact = pulled(Path(sys.argv[2]), store)
opens, made = apply_recipe(plan_for(model, host, store, "slow"), artifact, host=host, store=store)
print((made.path / "model.onnx").read_text())
"""


def test_a_process_that_is_killed_leaves_nothing_that_is_taken(tmp_path: Path, store: Store) -> None:
    started = tmp_path / "started"
    environment = {**os.environ, "MAKING_STARTED": str(started), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CHILD]
    child = subprocess.Popen([*command, "hang", str(tmp_path / "made")], env=environment, cwd=tmp_path)
    while not started.exists():
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert [record.name for record in store.records()] == ["a/b:graph"]
    assert not list((store.layout.root / "derived").glob("*"))
    result = subprocess.run(
        [*command, "copy", str(tmp_path / "made")], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (0, "3.0 \n"), result.stderr
    assert not list(store.layout.sessions.iterdir())


def test_lineage_on_disk_is_json_with_stable_names(tmp_path: Path, store: Store) -> None:
    host = making_host(step("double", "double"))
    plan, parent = ready(tmp_path, store, "double", host)
    apply_recipe(plan, parent, host=host, store=store)
    (path,) = (store.layout.root / "derived").iterdir()
    content = json.loads(path.read_text())
    assert {"key", "digest", "parent", "recipe", "options", "plugin", "version", "files", "check"} <= set(content)
    assert path.stem == content["key"]
