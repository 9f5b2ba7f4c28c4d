"""all-MiniLM-L6-v2 through ONNX Runtime: data beside the graph, threads, memory."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hub_onnx.backend import open_graph

from hub.errors import InferenceError
from plugins.onnx.tests.conftest import minilm_request, request

pytestmark = pytest.mark.weights


def feeds(rows, tokens, seed=0):
    ids = np.random.default_rng(seed).integers(1000, 20000, (rows, tokens))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


@pytest.fixture(scope="module")
def session(weights_home):
    opened = open_graph(minilm_request(weights_home, "onnx"))
    yield opened
    opened.close()


def test_a_graph_with_its_data_beside_it_is_computed(session):
    hidden = session.run(feeds(2, 7), ["last_hidden_state"])["last_hidden_state"]
    assert hidden.shape == (2, 7, 384)
    assert hidden.dtype == np.float32
    assert np.isfinite(hidden).all()


def test_calls_from_several_threads_give_what_one_gives(session):
    requests = [feeds(1 + number % 3, 5 + number, number) for number in range(12)]
    alone = [session.run(each)["last_hidden_state"] for each in requests]
    with ThreadPoolExecutor(session.concurrency) as pool:
        together = list(pool.map(lambda each: session.run(each)["last_hidden_state"], requests))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_optimization_does_not_change_the_answer(session, weights_home):
    plain = open_graph(minilm_request(weights_home, "onnx", graph_optimization="disable"))
    np.testing.assert_allclose(
        plain.run(feeds(2, 9))["last_hidden_state"], session.run(feeds(2, 9))["last_hidden_state"], atol=1e-4
    )


def test_a_graph_whose_data_is_missing_is_refused(weights_home, tmp_path, capfd):
    given = minilm_request(weights_home, "onnx")
    graph = next(path for path in given.files if path.suffix == ".onnx")
    shutil.copy(graph, tmp_path / "model.onnx")
    with pytest.raises(InferenceError, match=r"model.onnx cannot be loaded"):
        open_graph(request(tmp_path, "model.onnx"))
    assert capfd.readouterr().err == ""


def test_close_gives_back_what_a_large_batch_took(weights_home):
    script = f"""
import gc, psutil
from pathlib import Path
from plugins.onnx.tests.conftest import minilm_request
from plugins.onnx.tests.test_minilm import feeds
from hub_onnx.backend import open_graph
def resident():
    gc.collect()
    return psutil.Process().memory_info().rss
given = minilm_request(Path({str(weights_home)!r}), "onnx")
before = resident()
session = open_graph(given)
session.run(feeds(1, 8))
small = resident()
session.run(feeds(32, 256), ["last_hidden_state"])
large = resident()
session.close()
print(small - before, large - small, resident() - before)
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    opened, grown, closed = map(int, found.stdout.split())
    assert opened > 50_000_000
    assert grown > 150_000_000  # ONNX Runtime holds it while the session is open
    assert closed < opened
