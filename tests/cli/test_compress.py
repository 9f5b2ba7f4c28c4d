"""`hub compress`: what it prints, what it keeps and what it refuses, through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.store.store import Store
from tests.conftest import RunHub
from tests.support.bent import bent_model


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model `bent`, and texts to measure on."""
    return bent_model(tmp_path / "made", monkeypatch)


def test_figures_are_printed_recorded_and_shown_again(tmp_path: Path, texts: Path, run_hub: RunHub) -> None:
    out = tmp_path / "small"
    options = ["--data", str(texts), "--rounds", "1", "--backend", "bender", "--out", str(out)]
    result = run_hub("compress", "bent", "push:by=0.5", *options)
    assert result.returncode == 0, result.stderr
    rows = {line.split("\t")[1]: line.split("\t") for line in result.stdout.splitlines()}
    assert {row[0] for row in rows.values()} == {"bender on cpu"}
    assert {"size", "load", "memory", "items a second, batch 1", "a call, batch 32, p50 · p95", "cosine"} <= set(rows)
    assert 0 < float(rows["loss"][3]) < 0.01
    assert rows["size"][4].endswith("×")
    assert "6 inputs" in result.stderr
    assert "round 1 of 1" in result.stderr
    assert json.loads((out / "hub-lineage.json").read_text())["steps"][0]["figures"]["bender on cpu"]["loss"] > 0
    shown = run_hub("info", "bent").stdout
    assert "plain+push(by=0.5)\tpush:by=0.5\t" in shown
    assert "openmodelhub-bending 1.0\tby=0.5" in shown
    assert f"plain+push(by=0.5)\tbender on cpu\t{rows['loss'][3]}" in shown
    [made] = json.loads(run_hub("info", "bent", "--json").stdout)["made_here"]
    assert made["steps"][0]["parent"].startswith("sha256:")
    assert made["figures"]["bender on cpu"]["fidelity"]["inputs"] == 6


def test_json_holds_everything_that_was_measured(texts: Path, run_hub: RunHub) -> None:
    result = run_hub("compress", "bent", "halved", "--data", str(texts), "--rounds", "1", "--json")
    assert result.returncode == 0, result.stderr
    content = json.loads(result.stdout)
    assert (content["model"], content["variant"], content["recipe"]) == ("tests/bent", "plain", "halved")
    [way] = content["ways"]
    assert (way["backend"], way["load_steps"]) == ("bender", "halved")
    assert [speed["batch"] for speed in way["after"]["speeds"]] == [1, 32]
    assert set(way["ratios"]) == {"size", "load", "memory", "speed_1", "speed_32"}
    assert way["loss"] > 0
    shown = run_hub("info", "bent").stdout
    assert "plain\tbender on cpu (halved)\t" in shown


def test_past_the_limit_it_ends_with_4_and_keeps_nothing(tmp_path: Path, texts: Path, run_hub: RunHub) -> None:
    out = tmp_path / "small"
    options = ["--data", str(texts), "--rounds", "1", "--backend", "bender", "--max-loss", "0.0001"]
    result = run_hub("compress", "bent", "push:by=3", *options, "--out", str(out))
    assert result.returncode == 4
    assert "it loses more than 0.0001, and nothing of it was kept: bender on cpu: 0.0" in result.stderr
    assert result.stdout == ""
    assert not out.exists()
    assert [record.name for record in Store().records()] == ["tests/bent:plain"]


def test_it_is_made_again_and_compared(texts: Path, run_hub: RunHub) -> None:
    result = run_hub("compress", "bent", "push:by=2 | push:by=1", "--verify")
    assert result.returncode == 0, result.stderr
    assert [line.split("\t")[::2] for line in result.stdout.splitlines()] == [
        ["push:by=2", "the same"],
        ["push:by=2 | push:by=1", "the same"],
    ]
    other = run_hub("compress", "bent", "vary", "--verify")
    assert other.returncode == 4
    assert "step 'vary' gives something else when it is done again: model.bend" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bent", "bend"], "'bend' changes nothing: variant 'plain' is that already"),
        (["bent", "pusch"], "did you mean 'push'?"),
        (["bent", "push", "--data", "nowhere.txt"], "nowhere.txt cannot be read"),
        (["bent", "push", "--out", "."], "is there already"),
        (["bent", "halved", "--verify"], "there is nothing to make again"),
        (["bent", "halved", "--backend", "other"], "other does not do it while it loads"),
        (["bent", "push:by=much"], "by"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_says_what_is_wrong_and_makes_nothing(
    arguments: list[str], said: str, texts: Path, run_hub: RunHub
) -> None:
    result = run_hub("compress", *arguments)
    assert result.returncode in {1, 2}
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert all(record.variant == "plain" for record in Store().records())
