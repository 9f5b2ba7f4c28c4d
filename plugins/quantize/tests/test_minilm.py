"""all-MiniLM-L6-v2 compressed through the whole way: `hub.load` and the command."""

import json
from pathlib import Path

import numpy as np
import pytest

import hub
from tests.conftest import RunHub

pytestmark = pytest.mark.weights

TEXTS = [
    "The central bank left interest rates unchanged on Tuesday, citing slower growth.",
    "Firefighters rescued a family of four from a burning house early this morning.",
    "The home side won by three goals after a slow first half.",
    "Scientists say that the comet will be visible to the naked eye next month.",
    "cat",
    "Heavy rain flooded several villages in the north of the country.",
]
NEWS = [f"{first} {second}" for first in TEXTS for second in TEXTS]
CASES = [
    ("int8-dynamic", "onnx", 0.98, 0.27),
    ("int8-static", "onnx", 0.99, 0.27),
    ("int8-static", "openvino", 0.99, 0.27),
    ("int8", "onnx", 0.999, 0.29),
    ("int4", "onnx", 0.95, 0.23),
    ("fp16", "onnx", 0.9999, 0.51),
    ("openvino | int8-static", "openvino", 0.99, 0.28),
    ("openvino | int8", "openvino", 0.999, 0.28),
    ("openvino | fp16", "openvino", 0.9999, 0.51),
]


@pytest.fixture
def home(weights_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with the model under a path, and with a file to calibrate on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        folder = hub.pull("all-minilm-l6-v2:onnx").path
    (tmp_path / "news.txt").write_text("\n".join(NEWS))
    return folder


@pytest.fixture
def plain(home: Path) -> np.ndarray:
    with hub.load(str(home), backend="onnx") as model:
        return np.asarray(model.infer(TEXTS))


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "backend", "least", "size"), CASES)
def test_vectors_stay_near_those_of_the_origin(recipe, backend, least, size, home, plain, tmp_path):
    calibrated = recipe.replace("int8-static", f"int8-static:data={tmp_path / 'news.txt'}")
    with hub.load(str(home), compress=calibrated, backend=backend) as model:
        found = np.asarray(model.infer(TEXTS))
        named = {path for paths in model.plan.facts.parts.values() for path in paths}
        written = sum(file.size for file in model.plan.facts.files if file.path in named)
    cosines = (found * plain).sum(axis=1)
    assert cosines.min() > least, cosines
    assert written < size * 90_318_300


def test_a_published_compressed_variant_does_for_its_step(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    with hub.load("all-minilm-l6-v2:onnx-int8", compress="int8") as model:
        assert model.plan.variant == "onnx-int8"
        assert model.plan.recipe == ()


def test_the_command_compresses_once_and_answers(weights_home, run_hub: RunHub, home, plain):
    first = run_hub("run", str(home), *TEXTS, "--compress", "int8-dynamic", "--json", timeout=250)
    assert first.returncode == 0, first.stderr
    assert "running onnx-int8-dynamic" in first.stderr
    second = run_hub("run", str(home), *TEXTS, "--compress", "int8-dynamic", "--json", timeout=250)
    assert "running onnx-int8-dynamic" not in second.stderr
    one, other = (np.array([each["vector"] for each in json.loads(done.stdout)["results"]]) for done in (first, second))
    np.testing.assert_array_equal(one, other)
    assert (one * plain).sum(axis=1).min() > 0.98


def test_weights_that_are_small_already_are_refused_by_the_plan(weights_home, run_hub: RunHub):
    env = {"HUB_HOME": str(weights_home)}
    done = run_hub("plan", "all-minilm-l6-v2:onnx-int8", "--compress", "int8-dynamic", env=env)
    assert done.returncode != 0
    assert "int8-dynamic" in done.stderr
