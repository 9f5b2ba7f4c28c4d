"""Compressions of OpenVINO IR: all-MiniLM-L6-v2, and small graphs that are made here."""

import subprocess
import sys

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from hub.errors import InferenceError, UsageError
from plugins.quantize.tests.conftest import compress, random, size_of
from plugins.quantize.tests.graphs import cosine

FILES = ("openvino_model.xml", "openvino_model.bin")
ALL = {"openvino-int8": 0.999, "openvino-int4": 0.98, "openvino-fp16": 0.99999, "openvino-int8-static": 0.99}
WIDTH = 128


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    given = ops.parameter([-1, WIDTH], np.float32)
    given.output(0).get_tensor().set_names({"x"})
    hidden = ops.relu(ops.matmul(given, ops.constant(random(WIDTH, 512)), False, False))
    middle = ops.relu(ops.matmul(hidden, ops.constant(random(512, 512, seed=1) / 20), False, False))
    node = ops.matmul(middle, ops.constant(random(512, WIDTH, seed=2)), False, False)
    node.output(0).get_tensor().set_names({"y"})
    ov.save_model(ov.Model([node], [given], "the graph's own name"), folder / FILES[0], compress_to_fp16=False)
    return folder


def feeds(seed=5):
    return {"x": random(4, WIDTH, seed=seed)}


def answer(folder):
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    return ov.Core().compile_model(folder / FILES[0], "CPU", settings)(feeds())["y"]


@pytest.mark.parametrize(("name", "least"), ALL.items())
def test_answers_stay_near_files_get_smaller_and_nothing_is_printed(name, least, source, tmp_path, capfd):
    out = compress(name, source, tmp_path, *FILES, feeds=[feeds(seed) for seed in range(8)])
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert cosine(answer(out), answer(source)) > least
    assert size_of(out) < 0.55 * size_of(source)
    model = ov.Core().read_model(out / FILES[0])
    assert [port.any_name for port in (*model.inputs, *model.outputs)] == ["x", "y"]
    assert model.friendly_name == "the graph's own name"
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""


@pytest.mark.parametrize("name", ALL)
def test_the_tokenizer_beside_a_language_model_stays_as_it_is(name, source, tmp_path):
    beside = {"openvino_tokenizer.xml": b"<net/>", "openvino_tokenizer.bin": b"ids"}
    for path, content in beside.items():
        (source / path).write_bytes(content)
    out = compress(name, source, tmp_path, *FILES, *beside, feeds=[feeds()])
    assert sorted(path.name for path in out.iterdir()) == sorted((*FILES, *beside))
    assert {path: (out / path).read_bytes() for path in beside} == beside


def test_operations_that_a_pattern_ignores_stay_in_float(source, tmp_path):
    calls = [feeds(seed) for seed in range(4)]
    names = [op.get_friendly_name() for op in ov.Core().read_model(source / FILES[0]).get_ops() if "MatMul" in str(op)]
    out = compress("openvino-int8-static", source, tmp_path, *FILES, feeds=calls, ignored=[f"{names[0]}$"])
    (tmp_path / "all").mkdir()
    everything = compress("openvino-int8-static", source, tmp_path / "all", *FILES, feeds=calls)
    assert size_of(out) > size_of(everything) + WIDTH * 512 * 2


def test_a_pattern_that_matches_nothing_is_refused(source, tmp_path):
    with pytest.raises(UsageError, match="ignored=nothing cannot be applied"):
        compress("openvino-int8-static", source, tmp_path, *FILES, feeds=[feeds()], ignored=["nothing"])


def test_groups_that_do_not_divide_the_matrices_are_refused(source, tmp_path):
    with pytest.raises(UsageError, match="group_size=100"):
        compress("openvino-int4", source, tmp_path, *FILES, group_size=100)


@pytest.mark.parametrize("name", ALL)
def test_a_broken_graph_is_named(name, source, tmp_path):
    (source / FILES[0]).write_text("<net")
    with pytest.raises(InferenceError, match=r"openvino_model\.xml cannot be read by openvino"):
        compress(name, source, tmp_path, *FILES, feeds=[feeds()])


def test_nothing_is_reported_over_the_network():
    code = """
import sys
from hub_quantize.openvino_graphs.silence import silent
from nncf.telemetry import wrapper
class Sender:
    calls = []
    def __getattr__(self, name):
        return lambda *given, **named: self.calls.append(name)
wrapper.telemetry._impl = Sender()
wrapper.telemetry.send_event("category", "action", "label")
with silent():
    wrapper.telemetry.start_session("category")
    wrapper.telemetry.send_event("category", "action", "label")
print(Sender.calls)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['send_event']"
