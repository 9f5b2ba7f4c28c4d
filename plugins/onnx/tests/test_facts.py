"""Estimates and refusals from facts alone."""

import pytest
from hub_onnx.facts import accepts, graph_of, memory

from hub.types import Facts


def facts(*files, config=None):
    return Facts(
        task="feature-extraction",
        family="bert",
        format="onnx",
        files=(),
        parts={"": files},
        size=90_000_000,
        config=config or {},
    )


@pytest.mark.parametrize(
    ("files", "graph"),
    [
        (("model.onnx",), "model.onnx"),
        (("onnx/model.onnx", "onnx/model.onnx_data"), "onnx/model.onnx"),
        (("onnx/model.onnx", "onnx/model_O4.onnx"), "onnx/model.onnx"),
    ],
)
def test_the_graph_of_a_part_is_found(files, graph):
    assert graph_of(files) == graph
    assert accepts(facts(*files), "run") is None


@pytest.mark.parametrize(
    ("files", "reason"), [(("model.onnx_data",), "no .onnx file"), (("encoder.onnx", "decoder.onnx"), "several graphs")]
)
def test_a_part_without_one_graph_is_refused_before_it_is_downloaded(files, reason):
    assert reason in accepts(facts(*files), "run")


def test_the_estimate_grows_with_the_model():
    small = {"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12, "max_position_embeddings": 512}
    large = {**small, "hidden_size": 768, "intermediate_size": 3072}
    assert memory(facts("m.onnx", config=small), {}).weights == 90_000_000
    assert memory(facts("m.onnx"), {}).working < memory(facts("m.onnx", config=small), {}).working
    assert memory(facts("m.onnx", config=small), {}).working < memory(facts("m.onnx", config=large), {}).working
