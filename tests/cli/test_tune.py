"""`hub tune` as a process: the winner is remembered, taken, told and forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub import config
from tests.conftest import RunHub
from tests.support.bent import bent_model

ROOT = Path(__file__).parents[2]
QUICK = ["--repeat", "1", "--batch", "1"]


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model `bent`, and texts to measure on."""
    return bent_model(tmp_path / "made", monkeypatch)


def kept() -> dict[str, object]:
    """What is remembered."""
    [path] = (config.home() / "tuned").iterdir()
    content = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_the_winner_is_kept_taken_told_and_forgotten(texts: Path, run_hub: RunHub) -> None:
    result = run_hub("tune", "bent", "--data", str(texts), *QUICK)
    assert result.returncode == 0, result.stderr
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[1] for row in rows] == [
        "plain → bender on cpu",
        "plain → other on cpu",
        "plain → bender on cpu (kept)",  # does something, and loses nothing
    ]
    assert [row[0] for row in rows].count("*") == 1
    assert rows[0][3:] == ["1.00 x", "", "taken otherwise"]
    best = next(row[1] for row in rows if row[0])
    assert f"Best for latency: {best}" in result.stderr
    plan = run_hub("plan", "bent")
    told = dict(line.split("\t") for line in plan.stdout.splitlines() if line.count("\t") == 1)
    assert told["tuned"].startswith("for latency on ")
    assert told["tuned"].endswith("the best of 3 that were measured")
    assert told["backend"].startswith(str(kept()["backend"]))
    assert json.loads(run_hub("plan", "bent", "--json").stdout)["tuned"]["measured"] == 3
    assert "tuned" not in run_hub("plan", "bent", "--backend", "other").stdout
    assert run_hub("run", "bent", "three words here").returncode == 0
    gone = run_hub("tune", "bent", "--reset")
    assert (gone.returncode, gone.stderr) == (0, "What was tuned for bent is forgotten.\n")
    assert "tuned" not in run_hub("plan", "bent").stdout
    assert run_hub("tune", "bent", "--reset").stderr == "Nothing was tuned for bent.\n"


def test_a_winner_of_another_machine_is_told_once_and_not_used(texts: Path, run_hub: RunHub) -> None:
    assert run_hub("tune", "bent", "--data", str(texts), *QUICK).returncode == 0
    [path] = (config.home() / "tuned").iterdir()
    content = kept()
    path.write_text(json.dumps({**content, "backend": "other", "machine": {**content["machine"], "cores": 500}}))  # type: ignore[dict-item]
    result = run_hub("run", "bent", "three words here")
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("is not used: cores was 500 and is ") == 1
    assert "Measure again: hub tune bent" in result.stderr
    plan = run_hub("plan", "bent")
    assert plan.stdout.startswith("plain (bend) → bender on cpu")
    assert "is not used: cores was 500" in plan.stderr


def test_with_a_limit_compressions_come_into_question(texts: Path, run_hub: RunHub) -> None:
    options = ["--recipe", "push:by=0.01", "--recipe", "push:by=8", "--for", "memory", "--max-loss", "0.001"]
    result = run_hub("tune", "bent", "--data", str(texts), *QUICK, *options, "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    ways = {way["name"]: way for way in document["ways"]}
    assert ways["plain | push:by=0.01 → bender on cpu"]["figures"] is not None
    assert ways["plain | push:by=0.01 → bender on cpu"]["loss"] < 0.001
    assert "and 0.001 was allowed" in ways["plain | push:by=8 → bender on cpu"]["error"]
    winner = document["winner"]
    assert (winner["goal"], winner["max_loss"]) == ("memory", 0.001)
    assert winner["recipe"] != "push:by=8"
    page = (ROOT / "docs" / "bench.md").read_text(encoding="utf-8").partition("## JSON")[2]
    assert {name for name in winner if f"`{name}`" not in page} == set()


def test_a_lossy_recipe_without_a_limit_is_refused(texts: Path, run_hub: RunHub) -> None:
    result = run_hub("tune", "bent", "--data", str(texts), "--recipe", "same | push:by=1")
    assert result.returncode == 2
    assert "'push:by=1' is lossy, and only lossless ways can win without a limit" in result.stderr
    assert "--max-loss" in result.stderr
    assert not (config.home() / "tuned").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--for", "glory"], "glory"), (["--max-loss", "-1"], "--max-loss"), (["--device", "cuda"], "no cuda here")],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_keeps_nothing(arguments: list[str], told: str, texts: Path, run_hub: RunHub) -> None:
    result = run_hub("tune", "bent", "--data", str(texts), *arguments)
    assert result.returncode in {1, 2}
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert not (config.home() / "tuned").exists()


@pytest.mark.weights
def test_real_weights_are_tuned_and_answer_as_before(tmp_path: Path, weights_home: Path, run_hub: RunHub) -> None:
    pytest.importorskip("hub_onnx")
    pytest.importorskip("hub_text")
    texts = tmp_path / "texts.txt"
    texts.write_text("A man is eating food.\nIt rained all day.\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / "store").symlink_to(weights_home / "store")
    env = {"HUB_HOME": str(home)}
    options = ["--backend", "onnx", "--data", str(texts), *QUICK, "--for", "throughput", "--json"]
    result = run_hub("tune", "all-minilm-l6-v2", *options, env=env, timeout=280)
    assert result.returncode == 0, result.stderr
    winner = json.loads(result.stdout)["winner"]
    assert winner["backend"] == "onnx"
    assert "onnxruntime" in winner["libraries"]
    plan = json.loads(run_hub("plan", "all-minilm-l6-v2", "--json", env=env).stdout)
    assert (plan["backend"], plan["variant"], plan["tuned"]["goal"]) == ("onnx", "onnx", "throughput")
    assert run_hub("run", "all-minilm-l6-v2", "a cat", env=env).returncode == 0
