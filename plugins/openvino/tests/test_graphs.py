"""Opening and running graphs: small ones that are written here."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from hub_openvino.devices import probe
from hub_openvino.opening import open_model
from openvino import opset13 as ops

from hub.errors import InferenceError, OptionError
from hub.runtime.protocols import Tensor
from plugins.openvino.tests.conftest import request
from plugins.openvino.tests.graphs import weighted, write

FILES = ("model.xml", "model.bin")
CPU = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def test_inputs_and_outputs_are_declared_with_symbolic_sizes(tmp_path):
    write(tmp_path, ops.add, [-1, 3], [-1, 3])
    session = open_model(request(tmp_path, *FILES))
    assert session.inputs == (
        Tensor(name="a", dtype="float32", shape=("", 3)),
        Tensor(name="b", dtype="float32", shape=("", 3)),
    )
    assert session.outputs == (Tensor(name="found", dtype="float32", shape=("", 3)),)


def test_what_an_onnx_graph_said_of_itself_is_told(tmp_path):
    model = ov.Core().read_model(write(tmp_path, ops.add, [-1, 3], [-1, 3], name="plain"))
    model.set_rt_info("a\nb\u3000", ["framework", "character"])  # where OpenVINO puts it when it reads ONNX
    ov.save_model(model, tmp_path / "model.xml", compress_to_fp16=False)
    assert open_model(request(tmp_path, *FILES)).metadata["character"] == "a\nb\u3000"
    assert "character" not in open_model(request(tmp_path, "plain.xml", "plain.bin")).metadata


def test_batches_of_any_size_follow_each_other(tmp_path):
    _, weights = weighted(tmp_path)
    session = open_model(request(tmp_path, *FILES))
    for rows in (1, 7, 3, 64, 2):
        given = np.random.default_rng(rows).normal(size=(rows, 16)).astype(np.float32)
        np.testing.assert_allclose(session.run({"a": given})["found"], given @ weights, atol=1e-4)


def test_an_answer_is_not_written_over_by_the_next(tmp_path):
    weighted(tmp_path)
    session = open_model(request(tmp_path, *FILES))
    first = session.run({"a": np.ones((2, 16), np.float32)})["found"]
    kept = first.copy()
    session.run({"a": np.zeros((2, 16), np.float32)})
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.float16, np.bool_])
def test_every_type_goes_in_and_out_as_declared(tmp_path, dtype):
    write(tmp_path, lambda a: ops.reshape(a, ops.constant([-1]), False), [-1, 2], dtype=dtype)
    session = open_model(request(tmp_path, *FILES))
    assert session.inputs[0].dtype == session.outputs[0].dtype == np.dtype(dtype).name
    given = np.array([[1, 0], [0, 1]]).astype(dtype)
    found = session.run({"a": given})["found"]
    assert found.dtype == given.dtype
    np.testing.assert_array_equal(found, given.ravel())


@pytest.mark.parametrize("performance", ["latency", "throughput"])
def test_calls_from_several_threads_give_what_one_gives(tmp_path, performance):
    _, weights = weighted(tmp_path)
    session = open_model(request(tmp_path, *FILES, performance=performance))
    assert session.concurrency == session.metadata["requests"]
    given = [np.random.default_rng(seed).normal(size=(seed + 1, 16)).astype(np.float32) for seed in range(32)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: session.run({"a": each})["found"], given))
    for one, other in zip(given, found, strict=True):
        np.testing.assert_allclose(other, one @ weights, atol=1e-4)


def test_f32_is_exact_without_being_asked_for(tmp_path):
    _, weights = weighted(tmp_path, rows=256)
    session = open_model(request(tmp_path, *FILES))
    assert session.metadata["precision"] == "f32"
    given = np.random.default_rng(1).normal(size=(8, 256)).astype(np.float32)
    np.testing.assert_allclose(session.run({"a": given})["found"], given @ weights, atol=1e-3)


@pytest.mark.skipif("BF16" not in CPU, reason="this CPU does not compute in bfloat16")
@pytest.mark.parametrize("asked", [{"precision": "bf16"}, {"precision": "auto"}, {"steps": ("bf16",)}])
def test_bf16_is_near_and_said(tmp_path, asked):
    _, weights = weighted(tmp_path, rows=256)
    session = open_model(request(tmp_path, *FILES, **asked))
    assert session.metadata["precision"] == "bf16"
    given = np.random.default_rng(1).normal(size=(8, 256)).astype(np.float32)
    found, exact = session.run({"a": given})["found"], given @ weights
    assert 1e-4 < np.abs(found - exact).max() / np.abs(exact).max() < 2e-2


@pytest.mark.skipif("FP16" in CPU, reason="this CPU computes in float16")
def test_a_precision_that_the_device_does_not_have_is_refused_and_not_replaced(tmp_path):
    weighted(tmp_path)
    with pytest.raises(OptionError, match="precision 'f16' is not what CPU can do here: it would compute in"):
        open_model(request(tmp_path, *FILES, precision="f16"))


def test_a_step_and_an_option_that_differ_are_refused(tmp_path):
    weighted(tmp_path)
    with pytest.raises(OptionError, match="bf16 and f32 exclude each other"):
        open_model(request(tmp_path, *FILES, precision="f32", steps=("bf16",)))


def test_threads_are_those_that_were_asked_for(tmp_path):
    weighted(tmp_path)
    assert open_model(request(tmp_path, *FILES, threads=1)).metadata["threads"] == 1


def test_the_folder_of_compiled_models_is_filled_where_one_is_named(tmp_path):
    weighted(tmp_path)
    open_model(request(tmp_path, *FILES, cache_dir=tmp_path / "cache"))
    assert list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("keep", [0, 10, 300, -20])
def test_a_broken_file_is_named_with_the_reason(tmp_path, keep):
    path, _ = weighted(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InferenceError, match=r"model.xml cannot be loaded by openvino") as caught:
        open_model(request(tmp_path, *FILES))
    assert "/src/" not in caught.value.message


def test_weights_that_are_missing_or_cut_are_an_error(tmp_path):
    weighted(tmp_path, rows=64)
    whole = (tmp_path / "model.bin").read_bytes()
    (tmp_path / "model.bin").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InferenceError, match=r"model.xml cannot be loaded"):
        open_model(request(tmp_path, *FILES))
    (tmp_path / "model.bin").unlink()
    with pytest.raises(InferenceError, match=r"model.xml cannot be loaded"):
        open_model(request(tmp_path, *FILES))


def test_a_tensor_that_numpy_has_no_type_for_is_refused(tmp_path):
    write(tmp_path, lambda a: ops.convert(a, ov.Type.bf16), [-1, 3])
    with pytest.raises(InferenceError, match="is of type bf16, which numpy does not have"):
        open_model(request(tmp_path, *FILES))


def test_texts_pass_through_a_graph(tmp_path):
    write(tmp_path, lambda a: ops.reshape(a, ops.constant([-1]), False), [-1, 1], dtype=str)
    session = open_model(request(tmp_path, *FILES))
    assert session.inputs[0].dtype == "str"
    given = np.array([["é"], ["猫 and more"]], dtype=object)
    assert session.run({"a": given})["found"].tolist() == ["é", "猫 and more"]


def test_the_processor_is_always_found():
    found = probe()
    assert found.devices[-1] == "cpu"
    assert "openvino" in found.versions
    assert "best in" in found.detail


@pytest.mark.parametrize("device", ["gpu", "npu"])
def test_a_device_that_is_not_there_is_an_error_and_never_another_device(tmp_path, device):
    if device in probe().devices:
        pytest.skip(f"there is a {device} here")
    weighted(tmp_path)
    with pytest.raises(InferenceError, match=f"cannot use '{device}' here"):
        open_model(request(tmp_path, *FILES, device=device))


@pytest.mark.gpu
@pytest.mark.skipif("gpu" not in probe().devices, reason="needs a GPU that OpenVINO knows")
def test_a_gpu_computes_what_the_processor_computes(tmp_path):
    _, weights = weighted(tmp_path)
    given = np.ones((2, 16), np.float32)
    session = open_model(request(tmp_path, *FILES, device="gpu"))
    np.testing.assert_allclose(session.run({"a": given})["found"], given @ weights, atol=1e-3)


def test_ctrl_c_is_heard_after_another_thread_closed_what_this_one_opened(tmp_path):
    write(tmp_path, ops.add, [-1, 3], [-1, 3])
    script = f"""
import gc, os, signal, threading, time
from pathlib import Path
from hub_openvino.opening import open_model
from plugins.openvino.tests.conftest import request
signal.signal(signal.SIGINT, signal.default_int_handler)
held = [open_model(request(Path({str(tmp_path)!r}), *{FILES!r}))]
closing = threading.Thread(target=lambda: (held.pop().close(), gc.collect()))
closing.start()
closing.join()
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    print("heard")
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout.strip()) == (0, "heard"), found.stderr
