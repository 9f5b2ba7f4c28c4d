"""Real weights reach another runtime with one command."""

from __future__ import annotations

import numpy as np
import pytest

import hub

pytestmark = [pytest.mark.weights, pytest.mark.slow]


def test_weights_that_were_never_exported_run_as_a_graph(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    texts = ["A man is eating food.", "Someone is having a meal.", "猫はソファで眠っている。"]
    with hub.load("all-minilm-l6-v2:safetensors", backend="onnx") as model:
        assert [step.transform for step in model.plan.recipe] == ["export-encoder"]
        made = model.infer(texts)
    with hub.load("all-minilm-l6-v2:onnx") as model:
        published = model.infer(texts)
    assert np.abs(made - published).max() < 1e-5
