"""Opening and running graphs: small ones that are written here."""

import numpy as np
import onnxruntime
import pytest
from hub_onnx.backend import open_graph, probe

from hub.errors import InferenceError
from hub.runtime.protocols import Tensor
from plugins.onnx.tests.conftest import request
from plugins.onnx.tests.graphs import FLOAT, INT64, STRING, graph

ADD = graph("Add", {"a": (FLOAT, ["rows", 3]), "b": (FLOAT, ["rows", 3])}, {"sum": (FLOAT, ["rows", 3])})


def opened(folder, content, **options):
    (folder / "model.onnx").write_bytes(content)
    return open_graph(request(folder, "model.onnx", **options))


def test_inputs_and_outputs_are_declared_with_symbolic_sizes(tmp_path):
    session = opened(tmp_path, ADD)
    assert session.inputs == (
        Tensor(name="a", dtype="float32", shape=("rows", 3)),
        Tensor(name="b", dtype="float32", shape=("rows", 3)),
    )
    assert session.outputs == (Tensor(name="sum", dtype="float32", shape=("rows", 3)),)


def test_a_question_mark_is_no_name_of_a_size(tmp_path):
    session = opened(tmp_path, graph("Identity", {"x": (FLOAT, ["?", "?"])}, {"y": (FLOAT, ["?", "?"])}))
    assert session.inputs == (Tensor(name="x", dtype="float32", shape=("", "")),)


def test_a_size_without_a_name_is_left_open(tmp_path):
    session = opened(tmp_path, graph("Identity", {"x": (INT64, ["", 2])}, {"y": (INT64, ["", 2])}))
    assert session.inputs == (Tensor(name="x", dtype="int64", shape=("", 2)),)


def test_a_graph_is_computed(tmp_path):
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = opened(tmp_path, ADD).run({"a": rows, "b": rows}, ["sum"])
    np.testing.assert_array_equal(found["sum"], 2 * rows)


def test_texts_pass_through_a_graph(tmp_path):
    session = opened(tmp_path, graph("Identity", {"x": (STRING, ["n"])}, {"y": (STRING, ["n"])}))
    assert session.run({"x": np.array(["é", "猫"], dtype=object)})["y"].tolist() == ["é", "猫"]


@pytest.mark.parametrize("level", ["disable", "basic", "extended", "all"])
def test_every_level_of_optimization_opens(tmp_path, level):
    rows = np.ones((1, 3), np.float32)
    session = opened(tmp_path, ADD, graph_optimization=level, threads=1, inter_op_threads=2)
    assert session.run({"a": rows, "b": rows})["sum"].sum() == 6


@pytest.mark.parametrize("content", [b"", b"no graph", ADD[: len(ADD) // 2], ADD.replace(b"Add", b"Adx")])
def test_a_broken_file_is_named_with_the_reason(tmp_path, content, capfd):
    with pytest.raises(InferenceError, match=r"model.onnx cannot be loaded by onnxruntime"):
        opened(tmp_path, content)
    assert capfd.readouterr().err == ""


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InferenceError, match=r"gone.onnx cannot be loaded"):
        open_graph(request(tmp_path, "gone.onnx"))


def test_a_graph_for_a_newer_runtime_is_an_error_and_no_warning(tmp_path, capfd):
    content = graph("Identity", {"x": (FLOAT, [1])}, {"y": (FLOAT, [1])}, version=999)
    with pytest.raises(InferenceError, match="opset"):
        opened(tmp_path, content)
    assert capfd.readouterr().err == ""


def test_the_processor_is_always_found():
    found = probe()
    assert "cpu" in found.devices
    assert found.versions == {"onnxruntime": onnxruntime.__version__}


def test_a_device_is_listed_only_if_a_graph_runs_on_it():
    assert ("cuda" in probe().devices) <= ("CUDAExecutionProvider" in onnxruntime.get_available_providers())


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="CUDA can be used here")
def test_a_device_that_is_not_there_is_an_error_and_never_another_device(tmp_path):
    with pytest.raises(InferenceError, match="cannot use 'cuda' here"):
        opened(tmp_path, ADD, device="cuda")


@pytest.mark.gpu
@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="needs onnxruntime-gpu in place of onnxruntime, and a CUDA device",
)
def test_cuda_computes_what_the_processor_computes(tmp_path):
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert "cuda" in probe().devices
    np.testing.assert_allclose(opened(tmp_path, ADD, device="cuda").run({"a": rows, "b": rows})["sum"], 2 * rows)
