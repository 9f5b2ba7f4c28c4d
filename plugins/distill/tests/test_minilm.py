"""The real all-MiniLM-L6-v2, with half of its layers: a few steps bring it nearer, through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hub_distill.plugin import OPTIONS

import hub
from plugins.distill.tests.conftest import metrics_of
from tests.conftest import RunHub, hub_home, run_hub, weights_home  # noqa: F401 - fixtures

TEXTS = [
    f"{who} {what} {where}."
    for who in ("The minister", "A cat", "Nobody", "The old company", "My sister", "A judge in Sydney")
    for what in ("spoke about the fire", "was seen", "bought three houses", "lost the second match")
    for where in ("yesterday", "in the south of the country", "after the rain had stopped", "for the first time")
]


@pytest.mark.weights
@pytest.mark.slow
def test_a_few_steps_bring_half_of_a_real_model_nearer_to_the_whole(
    weights_home: Path,  # noqa: F811
    run_hub: RunHub,  # noqa: F811
    tmp_path: Path,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        path = hub.pull("all-minilm-l6-v2:safetensors").path
    data = tmp_path / "news.txt"
    data.write_text("\n".join(TEXTS), encoding="utf-8")
    recipe = f"distill:keep_layers=3,data={data},steps=10,batch_size=8,validate_every=5,device=cpu"
    asked = ["A dog was seen in the rain.", "The company lost the case."]
    made = run_hub("run", str(path), *asked, "--json", "--compress", recipe, env={"OMP_NUM_THREADS": "1"}, timeout=250)
    assert made.returncode == 0, made.stderr
    assert "kept the student of step" in made.stderr
    vectors = np.array([each["vector"] for each in json.loads(made.stdout)["results"]])
    with hub.load(str(path), threads=1) as model:
        assert (model.infer(asked) * vectors).sum(axis=1).min() > 0.6
    (metrics,) = Path(hub_store()).glob("artifacts/*/distill-metrics.jsonl")
    checks = metrics_of(metrics.parent)[1]
    assert checks[-1]["validation"] < 0.85 * checks[0]["validation"]
    assert json.loads((metrics.parent / "config.json").read_text())["num_hidden_layers"] == 3
    assert {option.name for option in OPTIONS} >= set(recipe_options(recipe))


def hub_store() -> Path:
    import os

    return Path(os.environ["HUB_HOME"]) / "store"


def recipe_options(recipe: str) -> list[str]:
    return [pair.partition("=")[0] for pair in recipe.partition(":")[2].split(",")]
