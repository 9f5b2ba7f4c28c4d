"""Real weights, compressed and measured through the real command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from hub.plugin.builtin import hub_tasks
from hub.runtime.transforms.data import data_files
from hub.store.store import Store
from tests.conftest import RunHub

pytestmark = [pytest.mark.weights, pytest.mark.slow]

MODEL = "all-minilm-l6-v2:onnx"
QUICK = ("--backend", "onnx", "--rounds", "1", "--inputs", "64")
TEXTS = """The cat sat on the mat.
Someone is having a meal.
Shares fell sharply in London after the bank raised its rates.
A storm cut the power of thousands of homes on the north coast.
The court will hear the case again in the new year.
She scored twice in the second half.
Rain is expected to ease by Thursday.
The minister says the report will be published in full.
"""


@pytest.fixture
def home(weights_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the home with weights, by hard links, for what is made."""
    copy = tmp_path / "home"
    subprocess.run(["cp", "-al", str(weights_home), str(copy)], check=True)
    yield copy
    subprocess.run(["rm", "-rf", str(copy)], check=True)


@pytest.fixture
def news(weights_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data set of the built-in tasks, pulled into the folder of the tests once."""
    monkeypatch.delenv("PIP_NO_INDEX")
    store, spec = Store(weights_home / "store"), hub_tasks()[0]
    with FileLock(weights_home.with_name("news.lock")):
        data_files(spec, store=store)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text(TEXTS, encoding="utf-8")
    return path


def test_an_optimised_graph_loses_nothing(home: Path, texts: Path, run_hub: RunHub) -> None:
    env = {"HUB_HOME": str(home)}
    result = run_hub("compress", MODEL, "optimize", *QUICK, "--data", str(texts), "--json", env=env)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    [way] = document["ways"]
    assert way["loss"] < 1e-6
    assert way["fidelity"]["figures"]["cosine_min"] > 0.999999
    assert way["fidelity"]["inputs"] == len(TEXTS.splitlines())
    assert way["before"]["size"] > 80_000_000
    assert 80_000_000 < way["after"]["memory"] < 2_000_000_000
    assert way["after"]["speeds"][1]["per_second"] > 1
    again = run_hub("compress", MODEL, "optimize", "--verify", env=env)
    assert again.returncode == 0, again.stderr
    assert f"optimize\t{document['digest']}\tthe same" in again.stdout


def test_int8_is_kept_where_little_is_lost_and_refused_where_less_was_asked_for(
    news: None, home: Path, run_hub: RunHub
) -> None:
    env = {"HUB_HOME": str(home)}
    before = run_hub("list", env=env).stdout
    refused = run_hub("compress", MODEL, "int8-dynamic", *QUICK, "--max-loss", "0.0001", env=env, timeout=280)
    assert refused.returncode == 4
    assert "it loses more than 0.0001, and nothing of it was kept: onnx on cpu: 0.0" in refused.stderr
    assert run_hub("list", env=env).stdout == before
    kept = run_hub("compress", MODEL, "int8-dynamic", *QUICK, "--max-loss", "0.05", "--json", env=env, timeout=280)
    assert kept.returncode == 0, kept.stderr
    [way] = json.loads(kept.stdout)["ways"]
    assert way["ratios"]["size"] > 3.5
    assert 0.0001 < way["loss"] < 0.02
    assert way["fidelity"]["figures"]["spearman"] > 0.98
    assert way["data"] == ["sha256:5d78d6dafd953bbf65797bef09a9ffb9ec430583381be705f8fd460000f370fb"]
    assert "onnx+int8-dynamic" in run_hub("info", "all-minilm-l6-v2", env=env).stdout


def test_without_a_network_the_task_s_own_data_is_missed_by_name(home: Path, tmp_path: Path, run_hub: RunHub) -> None:
    run_hub("gc", "--yes", env={"HUB_HOME": str(home)})  # the data is kept for nobody
    env = {"HUB_HOME": str(home), "HUB_OFFLINE": "1"}
    result = run_hub("compress", MODEL, "optimize", *QUICK, env=env)
    assert result.returncode == 1
    assert "the data set of task 'feature-extraction' could not be had" in result.stderr
    assert "--data FILE" in result.stderr
