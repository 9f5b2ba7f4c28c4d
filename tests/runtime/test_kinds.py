"""Inputs are read by their kind before a model gets them, and answers by theirs before a caller does."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import hub
from hub.errors import InputError, PluginBroken, PluginMissing, PolicyError, SessionClosed, UsageError
from hub.plugin import host as plugin_host
from hub.plugin.specs import TaskSpec
from hub.runtime.kinds import files
from hub.runtime.kinds.codecs import Codecs, require_kinds
from hub.runtime.kinds.reading import Reader
from tests.support.painted import grid, painted_models

LIGHT, DARK = grid([[255, 255], [255, 255]]), grid([[0, 0], [0, 51]])


@pytest.fixture(autouse=True)
def painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Models and an installed plugin, for a host that is loaded anew."""
    painted_models(tmp_path / "models", monkeypatch)
    monkeypatch.setattr(plugin_host._Process, "host", None)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("hub_painting")]:
        del sys.modules[name]


def score(result: list[dict[str, float]]) -> float:
    return round(result[0]["score"], 3)


def test_an_input_is_a_path_bytes_a_stream_or_an_array(painted: Path) -> None:
    (painted / "light.grid").write_bytes(LIGHT)
    given = [painted / "light.grid", str(painted / "light.grid"), LIGHT, io.BytesIO(LIGHT), np.full((3, 1), 255, "u1")]
    with hub.load("grid-classification") as model:
        assert [score(result) for result in model.infer(given)] == [1.0] * 5
        assert score(model.infer(LIGHT)) == 1.0


def test_a_tuple_is_one_input_where_a_codec_reads(painted: Path) -> None:
    with hub.load("grid-classification") as model, pytest.raises(InputError, match="tuple is no grid"):
        model.infer((LIGHT, DARK))


@pytest.mark.parametrize("worker", [False, True])
def test_a_worker_gets_what_was_read(painted: Path, worker: bool) -> None:
    with hub.load("grid-classification", worker=worker) as model:
        assert [score(result) for result in model.infer([LIGHT, DARK])] == [1.0, 0.05]


def test_what_is_no_such_kind_is_the_callers_mistake(painted: Path) -> None:
    with hub.load("grid-classification") as model:
        for wrong in (b"nonsense", painted / "nowhere.grid", 3):
            with pytest.raises(InputError, match=r"no grid|cannot be read"):
                model.infer(wrong)


def test_an_answer_is_read_by_its_kind(painted: Path) -> None:
    with hub.load("text-to-grid") as model:
        made = model.infer("ab c")
        assert (made.dtype, made.tolist()) == (np.uint8, [[97, 98], [99, 32]])
        with pytest.raises(PluginBroken, match="gave no grid"):
            model.infer("ab c", wrong=True)


def test_each_goes_on_after_a_bad_input_in_batches(painted: Path) -> None:
    import hub_painting.model  # type: ignore[import-not-found]

    given = [LIGHT, b"nonsense", DARK, np.zeros((0, 2), "u1"), *[LIGHT] * 70]
    with hub.load("grid-classification") as model:
        hub_painting.model.BATCHES.clear()
        answers = list(model.each(given))
    assert [each.given is given[place] for place, each in enumerate(answers)] == [True] * len(given)
    assert [place for place, each in enumerate(answers) if each.error] == [1, 3]
    assert "no grid" in str(answers[1].error)
    assert str(answers[3].error) == "the grid is empty"
    assert answers[1].value is None
    assert answers[0].value.shape == (2, 2)
    assert {score(each.result) for each in answers[4:]} == {1.0}
    assert max(hub_painting.model.BATCHES) <= 32
    assert min(hub_painting.model.BATCHES[-2:]) > 1


def test_inputs_are_read_as_the_answers_are_asked_for(painted: Path) -> None:
    import hub_painting.codec  # type: ignore[import-not-found]

    paths = [painted / f"{number:03}.grid" for number in range(100)]
    for path in paths:
        path.write_bytes(LIGHT)
    with hub.load("grid-classification") as model:
        hub_painting.codec.OPENED.clear()
        answers = model.each(paths)
        assert hub_painting.codec.OPENED == []
        next(answers)
        assert 0 < len(hub_painting.codec.OPENED) < 50
        assert len(list(answers)) == 99


@pytest.mark.parametrize("worker", [False, True])
def test_a_stream_of_input_gives_what_became_certain(painted: Path, worker: bool) -> None:
    with hub.load("grid-activity", worker=worker) as model:
        listener = model.listen(threshold=0.7)
        told = [listener.push(chunk) for chunk in (DARK, LIGHT, LIGHT, DARK, LIGHT)]
        assert told == [[], [], [], [{"start": 1.0, "end": 3.0}], []]
        assert listener.finish() == [{"start": 4.0, "end": 5.0}]
        with pytest.raises(SessionClosed, match="finished"):
            listener.push(LIGHT)
        with model.listen() as again, pytest.raises(InputError, match="no grid"):
            again.push(b"nonsense")


@pytest.mark.parametrize("worker", [False, True])
def test_a_model_that_takes_whole_inputs_says_so(painted: Path, worker: bool) -> None:
    with hub.load("grid-classification", worker=worker) as model, pytest.raises(UsageError, match="in pieces"):
        model.listen()


def test_text_streams_from_other_kinds_too(painted: Path) -> None:
    with hub.load("grid-to-text") as model, model.stream(LIGHT) as pieces:
        assert list(pieces) == ["brightness ", "1.00 "]
        assert pieces.result == {"text": "brightness 1.00", "places": []}


def test_a_pickle_is_opened_with_the_architecture_that_a_plugin_brings_once_it_is_allowed(painted: Path) -> None:
    with pytest.raises(PolicyError, match="can carry code"):
        hub.load("old-ink")
    with hub.load("old-ink", allow_pickle=True) as model:
        assert score(model.infer(LIGHT)) == 0.5


def test_the_kind_file_takes_paths_bytes_and_streams(painted: Path) -> None:
    (painted / "light.grid").write_bytes(LIGHT)
    with hub.load("file-size") as model:
        found = model.infer([str(painted / "light.grid"), LIGHT, io.BytesIO(LIGHT)])
        assert {score(result) for result in found} == {len(LIGHT)}
    for wrong in (painted, painted / "nowhere", 3, io.StringIO("text")):
        with pytest.raises(InputError):
            files.read(wrong)


def test_a_kind_that_nothing_gives_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = TaskSpec(id="grid-classification", inputs=("grid",), outputs=("labels",))
    require_kinds(task, plugin_host.get_host())
    painted_models(tmp_path / "again", monkeypatch, installed=False)
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", "*")
    monkeypatch.setattr(plugin_host._Process, "host", None)
    with pytest.raises(PluginMissing, match="'grid-classification'") as caught:
        require_kinds(task, plugin_host.get_host())
    assert caught.value.hint
    with pytest.raises(PluginMissing, match="the kind 'smell'") as caught:
        require_kinds(TaskSpec(id="t", inputs=("text",), outputs=("smell",)), plugin_host.get_host())
    assert "hub plugin search smell" in caught.value.hint


def test_kinds_write_the_forms_that_they_name(painted: Path) -> None:
    codecs = Codecs(plugin_host.get_host())
    value = codecs.read("grid", LIGHT)
    assert codecs.write("grid", value) == LIGHT
    assert codecs.write("grid", value, ".ROWS") == b"255 255\n255 255\n"
    assert codecs.describe("grid", value) == {"width": 2, "height": 2}
    with pytest.raises(UsageError, match=r"not written as '\.png'"):
        codecs.write("grid", value, ".png")
    with pytest.raises(UsageError, match="no files"):
        codecs.write("labels", [])


def test_the_first_kind_that_takes_an_input_reads_it(painted: Path) -> None:
    codecs = Codecs(plugin_host.get_host())
    reader = Reader(TaskSpec(id="t", inputs=("grid", "text"), outputs=("labels",)), codecs)
    assert reader.media
    assert reader.read("just words") == "just words"
    assert reader.read(LIGHT).shape == (2, 2)
    with pytest.raises(InputError, match="no grid"):
        reader.read(b"nonsense")
    plain = Reader(TaskSpec(id="t", inputs=("text",), outputs=("labels",)), codecs)
    assert not plain.media
    assert plain.read(3) == 3
