"""`hub.connect`, `hub run --server` and the commands that ask a server: the same answers as without it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

import hub
from hub.errors import BadReference, Cancelled, ContextOverflow, OptionError, SourceError, UsageError, WorkerDied
from hub.runtime.client.wire import decode, encode
from hub.runtime.sessions.cancel import Cancel


@pytest.fixture
def near(toy):
    """A handle on the toy of the server."""
    with hub.connect(toy.url).load("toy") as model:
        yield model


def test_a_model_of_a_server_answers_and_streams(near):
    assert near.task == "text-generation"
    assert near.infer("one two")["generated_text"] == "one two"
    assert [answer["generated_text"] for answer in near.infer(["a", "b c"])] == ["a", "b c"]
    pieces = near.stream("one two three", upper=True)
    assert "".join(pieces) == "ONE TWO THREE"
    assert pieces.result["generated_tokens"] == 3
    assert near.options == {"max_tokens": None, "upper": False}
    assert near.plan.backend == "toy"


def test_a_stream_that_is_left_ends_there(toy, near):
    with near.stream("forever a b") as pieces:
        next(pieces)
    for _ in range(200):
        if not next(model for model in toy.running() if model["name"] == "tests/toy:plain")["running"]:
            return
        threading.Event().wait(0.05)
    pytest.fail("it still runs")


def test_errors_are_those_of_a_model_that_is_loaded_here(toy, near):
    with pytest.raises(ContextOverflow) as caught:
        near.infer("overflow")
    assert caught.value.hint == "Shorten it"
    with pytest.raises(OptionError, match="did you mean 'upper'"):
        near.infer("a", uper=True)
    with pytest.raises(WorkerDied, match="SIGKILL"):
        near.infer("die")
    assert near.infer("a")["generated_text"] == "a"
    with pytest.raises(BadReference, match="there is no model 'toi'"):
        hub.connect(toy.url).load("toi")
    with pytest.raises(UsageError, match="takes whole inputs alone"):
        near.listen()


def test_a_server_that_is_not_there_is_said():
    with pytest.raises(SourceError, match="no server answers at"):
        hub.connect("http://127.0.0.1:9").load("toy")
    with pytest.raises(UsageError, match="no server of yours runs"):
        hub.connect()
    with pytest.raises(UsageError, match="is no address of a server"):
        hub.connect("ftp://x")


def test_what_was_cancelled_is_not_waited_for(near):
    cancel = Cancel()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(Cancelled):
        near._engine.infer(["forever a"], {}, lambda _: False, cancel)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "uint8", "bool"])
def test_arrays_pass_as_what_they_are(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    found = decode(encode({"a": array, "b": [array[0]]}))
    assert found["a"].dtype == array.dtype
    assert np.array_equal(found["a"], array)
    assert np.array_equal(found["b"][0], array[0])


def test_nothing_that_carries_code_passes():
    with pytest.raises(hub.HubError, match="cannot be sent"):
        encode(np.array([object()], dtype=object))
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(hub.HubError, match="cannot be sent"):
        encode(endless)
    for bad in (b"\xc1", b"", b"\xc7\x03\x01\x93\xa1O\x90"):
        with pytest.raises(hub.HubError, match="no MessagePack"):
            decode(bad)


@pytest.mark.weights
def test_a_real_model_gives_the_vectors_that_it_gives_here(real, weights_home, monkeypatch):
    far = hub.connect(real.url).load("all-minilm-l6-v2")
    vectors = far.infer(["a cat", "a dog"])
    assert vectors.shape == (2, 384)
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    with hub.load("all-minilm-l6-v2", variant=far.plan.variant, backend=far.plan.backend) as here:
        assert np.allclose(vectors, here.infer(["a cat", "a dog"]), atol=1e-4)


def test_run_asks_a_server(toy):
    done = toy.command("run", "toy", "one two three", "--server", toy.url, "--option", "upper=true")
    assert (done.returncode, done.stdout.strip()) == (0, "ONE TWO THREE")
    shown = json.loads(toy.command("run", "toy", "a b", "--server", toy.url, "--json").stdout)
    assert shown["results"][0]["generated_text"] == "a b"
    wrong = toy.command("run", "toi", "a", "--server", toy.url)
    assert (wrong.returncode, "there is no model 'toi' here" in wrong.stderr) == (2, True)
    refused = toy.command("run", "toy", "a", "--server", toy.url, "--backend", "onnx")
    assert (refused.returncode, "--backend" in refused.stderr) == (2, True)


def test_the_commands_show_what_runs_and_stop_it(toy):
    toy.post("/v1/embeddings", {"model": "vectors", "input": "a"})
    shown = toy.command("ps", "--server", toy.url)
    assert "tests/vectors:plain\tfeature-extraction\ttoy" in shown.stdout
    assert "tests/vectors:plain" in toy.command("top", "--count", "1", "--server", toy.url).stdout
    logged = toy.command("logs", "--lines", "2000", "--server", toy.url, "--json").stdout.splitlines()
    assert any(json.loads(line)["message"] == "loaded" for line in logged)
    assert toy.command("stop", "vectors", "--server", toy.url).returncode == 0
    assert "tests/vectors" not in toy.command("ps", "--server", toy.url, "--json").stdout


def test_a_note_of_a_server_that_was_killed_is_not_believed(hub_home):
    (hub_home / "server").mkdir(parents=True)
    note = {"url": "http://127.0.0.1:1", "pid": 2**22 + 1, "key": "x"}
    (hub_home / "server" / "1.json").write_text(json.dumps(note))
    assert not Path(f"/proc/{note['pid']}").exists()
    with pytest.raises(UsageError, match="no server of yours"):
        hub.connect()
