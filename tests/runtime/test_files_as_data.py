"""Data of tasks that take files: one, a folder of them, or JSON lines that name them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import PluginBroken, SourceError, UsageError
from hub.plugin.specs import TaskSpec
from hub.runtime.transforms.data import content_of, measuring_data, task_inputs
from hub.store.store import Store
from hub.types import Option, WeightFile
from tests.support.planning import make_host

SEEING = TaskSpec(
    id="seeing", inputs=("image",), outputs=("labels",), read="tests.runtime.test_files_as_data:as_they_are"
)
DATA = Option(name="data", type=Path)


def as_they_are(paths: tuple[Path, ...]) -> list[Path]:
    return list(paths)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Files that are no text, one of them in a folder of its own, and one that is hidden."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for name in ("b.png", "a.png", "more/c.png", ".hidden"):
        (folder / name).write_bytes(b"\x89PNG\xff\x00" + name.encode())
    return folder


def read(path: Path) -> list[Path]:
    return task_inputs("seeing", path, host=make_host(SEEING), store=Store())


def test_a_file_is_one_input_though_it_is_no_text(hub_home: Path, pictures: Path) -> None:
    assert read(pictures / "a.png") == [pictures / "a.png"]


def test_a_folder_is_the_files_in_it(hub_home: Path, pictures: Path) -> None:
    assert read(pictures) == [pictures / name for name in ("a.png", "b.png", "more/c.png")]


def test_an_empty_folder_is_refused(hub_home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to work on"):
        read(tmp_path)


def test_json_lines_name_files_beside_them_and_their_labels(hub_home: Path, pictures: Path) -> None:
    listed = pictures / "labels.jsonl"
    listed.write_text('{"file": "a.png", "label": "cat"}\n{"file": "more/c.png", "label": "dog"}\n')
    found = measuring_data("seeing", listed, host=make_host(SEEING), store=Store())
    assert (found.inputs, found.labels) == ([pictures / "a.png", pictures / "more" / "c.png"], ["cat", "dog"])


def two_answers(paths: tuple[Path, ...]) -> list[tuple[str, str]]:
    assert paths == ()
    return [("a cat", "cat"), ("a dog", "dog")]


def no_answers(_: tuple[Path, ...]) -> list[object]:
    return ["a cat"]


def test_a_task_may_bring_inputs_with_right_answers_that_only_measures_are_taken_on(hub_home: Path) -> None:
    here = "tests.runtime.test_files_as_data"
    task = replace(SEEING, samples=f"{here}:samples", labelled=f"{here}:two_answers")
    found = measuring_data("seeing", None, host=make_host(task), store=Store())
    assert (list(found.inputs), list(found.labels)) == (["a cat", "a dog"], ["cat", "dog"])
    assert task_inputs("seeing", None, host=make_host(task), store=Store()) == ["a sample"]
    with pytest.raises(PluginBroken, match=r"no_answers' .* no list of"):
        measuring_data("seeing", None, host=make_host(replace(task, labelled=f"{here}:no_answers")), store=Store())


def brought() -> list[tuple[str, str]]:
    return [("a bird", "bird")]


def test_data_is_not_fetched_for_right_answers_that_a_task_brings_itself(hub_home: Path) -> None:
    nowhere = WeightFile(path="a.png", size=1, sha256="0" * 64, sources=("https://localhost:1/a.png",))
    task = replace(SEEING, data=(nowhere,), labelled="tests.runtime.test_files_as_data:brought")
    found = measuring_data("seeing", None, host=make_host(task), store=Store())
    assert (list(found.inputs), list(found.labels), found.content) == (["a bird"], ["bird"], ())
    with pytest.raises(SourceError, match="the data set of task 'seeing'"):
        task_inputs("seeing", None, host=make_host(task), store=Store())


def samples() -> list[str]:
    return ["a sample"]


def test_what_files_hold_is_in_the_key_of_a_step(hub_home: Path, pictures: Path) -> None:
    before = content_of((DATA,), {"data": pictures}, SEEING)
    (pictures / "b.png").write_bytes(b"other")
    after = content_of((DATA,), {"data": pictures}, SEEING)
    assert before != after
    assert str(after["data"]).startswith("sha256:")


def test_data_of_a_task_of_text_has_to_be_text(hub_home: Path, pictures: Path) -> None:
    reading = TaskSpec(id="reading", inputs=("text",), outputs=("labels",))
    with pytest.raises(UsageError, match="it is no text"):
        content_of((DATA,), {"data": pictures / "a.png"}, reading)
    with pytest.raises(UsageError, match="it is no text"):
        task_inputs("reading", pictures / "a.png", host=make_host(reading), store=Store())
