"""The step `optimize` on real weights: the same answers, from files of its own, never a larger one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hub_onnx.optimize import optimize

import hub
from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub.types import Artifact, Facts
from tests.conftest import RunHub, hub_home, run_hub, weights_home  # noqa: F401 - fixtures

OPTIONS = {"level": "extended"}


def artifact_of(home: Path, variant: str) -> Artifact:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(home))
        return hub.pull(f"all-minilm-l6-v2:{variant}")


def facts(*paths: str) -> Facts:
    return Facts(task="feature-extraction", family="bert", format="onnx", files=(), parts={"": paths})


@pytest.mark.weights
def test_a_model_answers_the_same_after_it_and_the_step_is_done_once(
    weights_home: Path,  # noqa: F811
    hub_home: Path,  # noqa: F811
    run_hub: RunHub,  # noqa: F811
) -> None:
    path = str(artifact_of(weights_home, "onnx").path)
    texts = ["A man is eating food.", "cat"]
    plain = run_hub("run", path, *texts, "--json")
    assert plain.returncode == 0, plain.stderr
    first = run_hub("run", path, *texts, "--json", "--compress", "optimize")
    assert first.returncode == 0, first.stderr
    second = run_hub("run", path, *texts, "--json", "--compress", "optimize")
    assert "running onnx-optimize" in first.stderr
    assert "running onnx-optimize" not in second.stderr
    vectors = [
        np.array([each["vector"] for each in json.loads(result.stdout)["results"]]) for result in (plain, first, second)
    ]
    assert vectors[0].shape == (2, 384)
    np.testing.assert_allclose(vectors[1], vectors[0], atol=1e-4)
    np.testing.assert_array_equal(vectors[2], vectors[1])
    (lineage,) = (hub_home / "store" / "derived").iterdir()
    check = json.loads(lineage.read_text())["check"]
    assert check["difference"] <= check["tolerance"] == 1e-4


@pytest.mark.weights
def test_a_compressed_graph_stays_small(weights_home: Path, tmp_path: Path) -> None:  # noqa: F811
    artifact = artifact_of(weights_home, "onnx-int8")
    optimize(TransformRequest(path=artifact.path, out=tmp_path, facts=facts("model.onnx"), options=OPTIONS))
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    before = (artifact.path / "model.onnx").stat().st_size
    assert 0.9 * before < (tmp_path / "model.onnx").stat().st_size < 1.05 * before


@pytest.mark.weights
def test_weights_beside_the_graph_stay_beside_it(weights_home: Path, tmp_path: Path) -> None:  # noqa: F811
    artifact = artifact_of(weights_home, "onnx")
    paths = ("model.onnx", "model.onnx_data")
    optimize(TransformRequest(path=artifact.path, out=tmp_path, facts=facts(*paths), options=OPTIONS))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(paths)
    assert (tmp_path / "model.onnx").stat().st_size < 1_000_000


def test_a_broken_graph_is_an_error_with_the_runtimes_reason(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "model.onnx").write_bytes(b"no graph")
    request = TransformRequest(path=tmp_path / "in", out=tmp_path / "out", facts=facts("model.onnx"), options=OPTIONS)
    with pytest.raises(InferenceError, match=r"model\.onnx cannot be optimised by onnxruntime"):
        optimize(request)
