"""all-MiniLM-L6-v2 through OpenVINO: as ONNX Runtime computes it, in f32 and bf16, as ONNX and as IR."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import openvino as ov
import pytest
from hub_openvino.conversion.graphs import convert
from hub_openvino.opening import open_model

import hub
from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub.types import Facts
from plugins.openvino.tests.conftest import request

pytestmark = pytest.mark.weights

FILES = ("model.onnx", "model.onnx_data")
TEXTS = ["A man is eating food.", "cat", "Someone is having a long and quiet meal by the river."]
CPU = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def feeds(rows, tokens, seed=0):
    ids = np.random.default_rng(seed).integers(1000, 20000, (rows, tokens))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def hidden(session, given):
    return session.run(given, ["last_hidden_state"])["last_hidden_state"]


@pytest.fixture(scope="module")
def session(minilm):
    opened = open_model(request(minilm, *FILES, form="onnx"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reference(minilm):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 2
    runtime = onnxruntime.InferenceSession(minilm / "model.onnx", settings, providers=["CPUExecutionProvider"])
    return lambda given: runtime.run(["last_hidden_state"], given)[0]


@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (1, 9), (3, 17), (8, 64)])
def test_hidden_states_are_those_of_onnxruntime(session, reference, rows, tokens):
    given = feeds(rows, tokens)
    np.testing.assert_allclose(hidden(session, given), reference(given), atol=1e-5)


def test_padding_changes_nothing(session):
    short, padded = feeds(1, 6), feeds(1, 12)
    padded["input_ids"][:, :6] = short["input_ids"]
    padded["attention_mask"][:, 6:] = 0
    np.testing.assert_allclose(hidden(session, padded)[:, :6], hidden(session, short), atol=1e-5)


@pytest.mark.skipif("BF16" not in CPU, reason="this CPU does not compute in bfloat16")
def test_sentences_in_bf16_point_where_those_in_f32_do(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    with hub.load("all-minilm-l6-v2:onnx", backend="openvino", threads=2) as model:
        exact = model.infer(TEXTS)
    with hub.load("all-minilm-l6-v2:onnx", backend="openvino", threads=2, precision="bf16") as model:
        near = model.infer(TEXTS)
    assert ((exact * near).sum(axis=1) > 0.999).all()
    assert np.abs(exact - near).max() > 1e-5


def test_a_model_is_converted_once_and_answers_as_before(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    with hub.load("all-minilm-l6-v2:onnx", backend="onnx", threads=2) as model:
        before = model.infer(TEXTS)
    with hub.load("all-minilm-l6-v2:onnx", backend="openvino", compress="openvino", threads=2) as model:
        np.testing.assert_allclose(model.infer(TEXTS), before, atol=1e-5)
    checks = [json.loads(path.read_text()) for path in (weights_home / "store" / "derived").iterdir()]
    check = next(each["check"] for each in checks if each["format"] == "openvino")
    assert check["difference"] <= check["tolerance"] == 1e-4


def test_the_ir_keeps_names_and_precision_and_stands_alone(minilm, session, tmp_path):
    facts = Facts(task="feature-extraction", family="bert", format="onnx", files=(), parts={"": FILES})
    convert(TransformRequest(path=minilm, out=tmp_path, facts=facts))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["openvino_model.bin", "openvino_model.xml"]
    assert (tmp_path / "openvino_model.bin").stat().st_size > 0.95 * (minilm / FILES[1]).stat().st_size
    opened = open_model(request(tmp_path, "openvino_model.xml", "openvino_model.bin"))
    assert (opened.inputs, opened.outputs) == (session.inputs, session.outputs)
    np.testing.assert_allclose(hidden(opened, feeds(2, 9)), hidden(session, feeds(2, 9)), atol=1e-5)
    opened.close()


def test_a_folder_of_ir_that_no_registry_lists_is_recognised_and_run(minilm, tmp_path, weights_home, monkeypatch):
    facts = Facts(task="feature-extraction", family="bert", format="onnx", files=(), parts={"": FILES})
    convert(TransformRequest(path=minilm, out=tmp_path, facts=facts))
    shutil.copytree(minilm, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("model.onnx*"))
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle that nobody asked for")
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    for place in (tmp_path, tmp_path / "openvino_model.xml"):
        with hub.load(str(place), threads=2) as model:
            assert model.plan.backend == "openvino"
            assert not any("pytorch" in file.path for file in model.plan.files)
            assert model.infer(TEXTS).shape == (3, 384)


def test_a_graph_whose_data_is_missing_is_refused(minilm, tmp_path):
    shutil.copy(minilm / "model.onnx", tmp_path / "model.onnx")
    with pytest.raises(InferenceError, match=r"model.onnx cannot be loaded"):
        open_model(request(tmp_path, "model.onnx", form="onnx"))
    facts = Facts(task="", family="", format="onnx", files=(), parts={"": ("model.onnx",)})
    with pytest.raises(InferenceError, match=r"model.onnx cannot be converted"):
        convert(TransformRequest(path=tmp_path, out=tmp_path, facts=facts))


def test_a_large_batch_and_close_give_their_memory_back(minilm):
    script = f"""
import psutil
from pathlib import Path
from hub.testing import reclaim
from plugins.openvino.tests.conftest import request
from plugins.openvino.tests.test_minilm import FILES, feeds
from hub_openvino.opening import open_model
def resident():
    reclaim()
    return psutil.Process().memory_info().rss
before = resident()
session = open_model(request(Path({str(minilm)!r}), *FILES, form="onnx"))
session.run(feeds(1, 8))
small = resident()
session.run(feeds(32, 256), ["last_hidden_state"])
large = resident()
session.close()
print(small - before, large - small, resident() - before)
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    opened, grown, closed = map(int, found.stdout.split())
    assert opened > 100_000_000
    assert grown < 100_000_000  # held by default: more than 300 MB
    assert closed < opened / 2
