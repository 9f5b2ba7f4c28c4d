"""An exported encoder answers as the weights do, with any batch and length."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from hub_export.encoders import dynamic_axes, export
from transformers import BertModel

from hub.errors import InferenceError
from plugins.export.tests.conftest import request


def feeds(rows: int, tokens: int) -> dict[str, np.ndarray]:
    ids = np.random.default_rng(rows * tokens).integers(3, 100, (rows, tokens))
    mask = np.ones_like(ids)
    mask[0, tokens // 2 + 1 :] = 0
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def recorded(inputs):
    return [feeds(len(inputs), 4 + 3 * len(inputs))]


@pytest.fixture(scope="module")
def graph(encoder, tmp_path_factory):
    out = tmp_path_factory.mktemp("graph")
    export(
        request(
            encoder, out, "feature-extraction", "bert", options={"opset": 18}, inputs=["a", "b", "c"], record=recorded
        )
    )
    assert [path.name for path in out.iterdir()] == ["model.onnx"]
    return onnxruntime.InferenceSession(out / "model.onnx", providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (1, 9), (2, 13), (7, 40)])
def test_any_batch_and_length_is_answered_as_by_the_weights(graph, encoder, rows, tokens):
    given = feeds(rows, tokens)
    [found] = graph.run(["last_hidden_state"], given)
    with torch.inference_mode():
        expected = BertModel.from_pretrained(encoder)(**{name: torch.from_numpy(feed) for name, feed in given.items()})
    assert np.abs(found - expected.last_hidden_state.numpy()).max() < 1e-5


def test_names_and_open_sizes_are_those_of_the_contract(graph):
    assert [(node.name, node.shape) for node in graph.get_inputs()] == [
        (name, ["batch", "sequence"]) for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    assert [node.name for node in graph.get_outputs()] == ["last_hidden_state"]


def test_axes_that_never_vary_stay_fixed_but_the_batch():
    axes = dynamic_axes([{"pixels": np.zeros((1, 3, 8, 8))}, {"pixels": np.zeros((2, 3, 8, 8))}])
    assert list(axes["pixels"]) == [0]


def test_weights_that_cannot_be_loaded_are_told(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InferenceError, match="cannot load the weights"):
        export(
            request(
                tmp_path, tmp_path, "feature-extraction", "bert", options={"opset": 18}, inputs=["a"], record=recorded
            )
        )


def test_a_model_that_is_fed_nothing_has_no_example(encoder, tmp_path):
    with pytest.raises(InferenceError, match="no example"):
        export(request(encoder, tmp_path, "feature-extraction", "bert", inputs=["a"], record=lambda _: []))
