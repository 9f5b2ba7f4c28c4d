"""`hub bench` as a process, on a model of three numbers and on real weights."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pexpect
import pytest

from tests.conftest import RunHub
from tests.support.bent import bent_model
from tests.support.terminal import plain, spawn

ROOT = Path(__file__).parents[2]
LINES = ["A man is eating food.", "Someone is having a meal.", "It rained all day.", "The stock market fell sharply."]


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model `bent`, and texts to measure on."""
    return bent_model(tmp_path / "made", monkeypatch)


def test_every_way_is_a_row_and_the_front_is_marked(texts: Path, run_hub: RunHub) -> None:
    result = run_hub("bench", "bent", "--data", str(texts), "--repeat", "1", "--batch", "1")
    assert result.returncode == 0, result.stderr
    measured, _, left = result.stdout.partition("\nNot measured:\n")
    rows = {line.split("\t")[1]: line.split("\t") for line in measured.splitlines()}
    assert set(rows) == {
        "plain → bender on cpu",
        "plain → other on cpu",
        "plain → bender on cpu (halved)",
        "plain → bender on cpu (kept)",
    }
    assert {len(row) for row in rows.values()} == {10}
    assert "*" in {row[0] for row in rows.values()}
    assert rows["plain → bender on cpu"][8:] == ["origin", ""]
    assert float(rows["plain → bender on cpu (halved)"][9]) > 0
    reasons = [line.split("\t") for line in left.splitlines()]
    assert ["bender on cpu, other on cpu: stall", "'stall' does not make the weights smaller"] in [
        [what, why[:41]] for what, why in reasons
    ]
    assert "4 ways to run tests/bent, 1 round each, in fresh processes: at least" in result.stderr
    assert "Loss is against plain → bender on cpu" in result.stderr


def test_json_has_stable_names_that_are_documented_and_is_kept(texts: Path, run_hub: RunHub, hub_home: Path) -> None:
    options = ["--data", str(texts), "--repeat", "1", "--batch", "1", "--batch", "3", "--recipe", "push:by=9"]
    result = run_hub("bench", "bent", *options, "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    [kept] = (hub_home / "benches").glob("*.json")
    assert json.loads(kept.read_text(encoding="utf-8")) == {**document, "by": "bench"}
    page = (ROOT / "docs" / "bench.md").read_text(encoding="utf-8").partition("## JSON")[2]
    way = next(way for way in document["ways"] if way["fidelity"])
    parts = [document, document["machine"], document["data"], way, way["figures"], way["figures"]["speeds"][0]]
    named = {name for part in [*parts, way["fidelity"]] for name in part}
    named |= {"variant", "recipe", "backend", "device", "reason"}
    assert {name for name in named if f"`{name}`" not in page} == set()
    assert [speed["batch"] for speed in way["figures"]["speeds"]] == [1, 3]
    failed = next(way for way in document["ways"] if way["figures"] is None)
    assert "the first number is too large" in failed["error"]


def test_pictures_and_document_are_written(tmp_path: Path, texts: Path, run_hub: RunHub) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "new" / "folder"
    options = ["--data", str(texts), "--repeat", "1", "--batch", "1", "--backend", "bender", "--recipe", "halved"]
    result = run_hub("bench", "bent", *options, "--out", str(out), "--plot", str(tmp_path / "p.HTML"))
    assert result.returncode == 0, result.stderr
    assert (out / "bench.png").read_bytes().startswith(b"\x89PNG")
    document = json.loads((out / "bench.json").read_text(encoding="utf-8"))
    assert document["model"] == "tests/bent"
    page = (out / "bench.html").read_text(encoding="utf-8")
    assert page == (tmp_path / "p.HTML").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert f"Written: {out / 'bench.png'}" in result.stderr


def test_png_without_matplotlib_says_what_to_install_before_it_measures(
    tmp_path: Path, texts: Path, run_hub: RunHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "matplotlib.py").write_text("raise ImportError('No module named matplotlib')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "broken"), os.environ["PYTHONPATH"]]))
    result = run_hub("bench", "bent", "--data", str(texts), "--plot", str(tmp_path / "p.png"))
    assert (result.returncode, result.stdout) == (3, "")
    assert "pip install 'openmodelhub[plot]'" in result.stderr
    assert "round" not in result.stderr
    options = ["--data", str(texts), "--repeat", "1", "--batch", "1", "--backend", "other", "--recipe", "same"]
    result = run_hub("bench", "bent", *options, "--out", str(tmp_path / "out"))
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bench.html", "bench.json"]
    assert "No bench.png" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--plot", "p.gif"], 2, "a picture is FILE.html or FILE.png, not 'p.gif'"),
        (["--backend", "torch"], 3, "backend 'torch' is not installed"),
        (["--recipe", "vanish"], 2, "'vanish' is not known"),
        (["--recipe", "push:by=much"], 2, "'by'"),
        (["--data", "gone.txt"], 2, "gone.txt cannot be read"),
        (["--device", "cuda"], 1, "cuda"),
        (["--repeat", "0"], 2, "--repeat"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_ends_at_once(arguments: list[str], code: int, told: str, texts: Path, run_hub: RunHub) -> None:
    result = run_hub("bench", "bent", *arguments)
    assert result.returncode == code, result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert "Round" not in result.stderr


def test_weights_that_nothing_opens_are_an_error(tmp_path: Path, texts: Path, run_hub: RunHub) -> None:
    (texts.parent / "model.bend").write_text("no numbers")
    result = run_hub("bench", str(texts.parent), "--task", "feature-extraction", "--data", str(texts), "--repeat", "1")
    assert result.returncode != 0
    assert "Traceback" not in result.stderr


def test_a_person_sees_a_table(texts: Path) -> None:
    child = spawn("bench", "bent", "--data", str(texts), "--repeat", "1", "--batch", "1", columns=160)
    child.expect(pexpect.EOF)
    text = plain(child.before)
    assert re.search(r"WAY +SIZE +LOAD +MEMORY +ITEMS/S ×1 +P50 +P95 +COSINE +LOSS", text)
    assert re.search(r"plain → bender on cpu \(halved\) ", text)


@pytest.mark.weights
def test_real_backends_agree_on_real_weights(tmp_path: Path, weights_home: Path, run_hub: RunHub) -> None:
    pytest.importorskip("hub_onnx")
    pytest.importorskip("hub_text")
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(LINES))
    options = ["--data", str(texts), "--repeat", "1", "--batch", "1", "--backend", "onnx"]
    try:
        import hub_openvino  # noqa: F401

        options += ["--backend", "openvino"]
    except ImportError:
        pass
    env = {"HUB_HOME": str(weights_home)}
    result = run_hub("bench", "all-minilm-l6-v2", *options, "--recipe", "", "--json", env=env, timeout=280)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    ways = {(way["variant"], way["backend"]): way for way in document["ways"]}
    assert document["compared_with"] == "onnx → onnx on cpu"
    small, base = ways["onnx-int8", "onnx"], ways["onnx", "onnx"]
    assert small["lossy"]
    assert small["figures"]["size"] < base["figures"]["size"] / 3
    assert 0 < small["loss"] < 0.01
    assert all(way["figures"]["memory"] > 20_000_000 for way in document["ways"])
    if "openvino" in options:
        assert ways["onnx", "openvino"]["loss"] < 1e-4
