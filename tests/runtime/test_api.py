"""The Python API: from a reference to answers, and errors that say what to do."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import hub
import hub.runtime.api
from hub.errors import BadReference, InputError, OptionError, SessionClosed, UsageError
from hub.plugin.host import _Process
from tests.support.toys import is_running, toy_host

WEIGHTS = b"the toy reads no weights"


@pytest.fixture(autouse=True)
def toys(monkeypatch, tmp_path):
    """A registry that lists toy models, and a host that runs them."""
    file = tmp_path / "served" / "a.toy"
    file.parent.mkdir()
    file.write_bytes(WEIGHTS)
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    files = [{"path": "a.toy", "size": len(WEIGHTS), "sha256": sha256, "sources": [f"file:{file}"]}]
    models = [
        {
            "id": f"tests/{name}",
            "aliases": [name],
            "task": task,
            "license": "MIT",
            "summary": "A toy.",
            "variants": [{"name": variant, "format": "toy", "files": files} for variant in ("plain", "other")],
        }
        for name, task in (("talker", "text-generation"), ("embedder", "feature-extraction"))
    ]
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps({"schema": 1, "name": "toys", "models": models, "plugins": []}))
    monkeypatch.setenv("HUB_REGISTRIES", str(registry))
    monkeypatch.setattr(_Process, "host", toy_host(monkeypatch))
    return file


@pytest.fixture
def talker():
    with hub.load("talker") as model:
        yield model


@pytest.fixture
def embedder():
    with hub.load("embedder") as model:
        yield model


def said(content, role="user"):
    return {"role": role, "content": content}


def test_load_downloads_what_is_not_here_yet_and_not_again(toys, hub_home):
    with hub.load("talker") as model:
        assert model.infer("a b")["generated_text"] == "a b"
    toys.unlink()
    with hub.load("talker") as model:
        assert model.infer("c")["generated_text"] == "c"


def test_plan_downloads_nothing(hub_home):
    plan = hub.plan("talker:other")
    assert (plan.model, plan.variant, plan.backend, plan.task) == ("tests/talker", "other", "toy", "text-generation")
    assert plan.download == len(WEIGHTS)
    assert not (hub_home / "store").exists()


def test_pull_gives_the_folder_of_the_files():
    artifact = hub.pull("talker", variant="other", verify=True)
    assert (artifact.path / "a.toy").read_bytes() == WEIGHTS


def test_a_text_is_one_input_and_a_list_of_texts_a_batch(talker):
    assert talker.infer("a b")["generated_text"] == "a b"
    assert [each["generated_text"] for each in talker.infer(["a", "b"])] == ["a", "b"]
    assert [each["generated_text"] for each in talker.infer(("a",))] == ["a"]


def test_a_list_of_messages_is_one_conversation_and_a_list_of_those_a_batch(talker):
    conversation = [said("be brief", "system"), said("x y")]
    assert talker.infer(conversation)["generated_text"] == "x y"
    assert [each["generated_text"] for each in talker.infer([conversation, "z", [said("w")]])] == ["x y", "z", "w"]


def test_an_empty_list_has_an_empty_answer(talker, embedder):
    assert talker.infer([]) == []
    assert embedder.infer([]).shape == (0, 0)
    assert embedder.infer([]).dtype == np.float32


def test_vectors_of_a_list_are_one_array(embedder):
    vectors = embedder.infer(["a b", "c"])
    assert (vectors.shape, vectors.dtype) == ((2, 2), np.float32)
    assert embedder.infer("a b").tolist() == vectors[0].tolist()


def test_vectors_of_different_lengths_stay_a_list(embedder):
    results = embedder.infer([np.ones(2), np.ones(3)])
    assert [len(each) for each in results] == [2, 3]


def test_an_input_of_another_kind_is_refused_by_the_model_plugin(talker):
    with pytest.raises(InputError, match="not int"):
        talker.infer(3)


def test_stream_gives_the_pieces_and_then_the_result(talker):
    pieces = talker.stream([said("a b c")], upper="yes", max_tokens="2")
    assert list(pieces) == ["A", " B"]
    assert pieces.result["generated_tokens"] == 2


@pytest.mark.parametrize("given", [["a", "b"], [[said("a")]], []])
def test_stream_takes_one_input(talker, given):
    with pytest.raises(UsageError, match="takes one input"):
        talker.stream(given)


def test_stream_is_refused_where_the_answer_is_no_text(embedder):
    with pytest.raises(UsageError, match="feature-extraction does not answer piece by piece"):
        embedder.stream("a")


def test_wrong_options_of_a_call_are_refused_at_once_also_by_stream(talker):
    for call in (talker.infer, talker.stream):
        with pytest.raises(OptionError, match="'toy-talk' has no option 'uper'; did you mean 'upper'"):
            call("a", uper=True)
        with pytest.raises(OptionError, match="'max_tokens' is at least 1"):
            call("a", max_tokens=0)


def test_options_of_a_call_are_shown_with_their_defaults(talker):
    assert talker.options == {"max_tokens": None, "upper": False}


def test_wrong_load_options_are_refused():
    with pytest.raises(OptionError, match="threads"):
        hub.load("talker", threads=2)


def test_an_unknown_model_is_answered_with_near_names():
    with pytest.raises(BadReference) as caught:
        hub.load("talkr")
    assert "talker" in caught.value.hint


def test_a_variant_may_be_named_once_or_twice_but_not_differently():
    assert hub.plan("talker", variant="other").variant == "other"
    assert hub.plan("talker:other", variant="other").variant == "other"
    with pytest.raises(BadReference, match="names variant 'other', and variant='plain' another"):
        hub.plan("talker:other", variant="plain")
    with pytest.raises(BadReference, match="has no variant 'third'"):
        hub.plan("talker", variant="third")


def test_the_handle_says_what_it_is_and_whether_it_is_closed():
    model = hub.load("talker")
    assert repr(model) == "<LoadedModel tests/talker:plain · text-generation · toy on cpu>"
    model.close()
    assert repr(model).endswith("toy on cpu · closed>")


def test_a_closed_model_says_how_to_go_on(talker):
    talker.close()
    talker.close()
    for call in (talker.infer, talker.stream):
        with pytest.raises(SessionClosed) as caught:
            call("a")
        assert caught.value.hint == "Load it again: hub.load('talker')"


def test_closing_the_model_stops_its_streams(talker):
    pieces = talker.stream("forever")
    assert next(pieces) == "forever"
    talker.close()
    assert list(pieces) == []


def test_a_stream_outlives_the_name_of_its_model():
    pieces = hub.load("talker").stream("a b")
    gc.collect()
    assert list(pieces) == ["a", " b"]


def test_dropping_the_handle_closes_the_sessions():
    model = hub.load("talker")
    from hub_toy.backend import OPENED

    session = OPENED[-1]
    del model
    gc.collect()
    assert session.closed == 1


def test_eight_threads_share_one_model(talker):
    texts = [f"text {index}" for index in range(100)]
    with ThreadPoolExecutor(8) as pool:
        assert [each["generated_text"] for each in pool.map(talker.infer, texts)] == texts
        assert ["".join(each) for each in pool.map(talker.stream, texts)] == texts


@pytest.fixture
def noticed(monkeypatch):
    """As if the model were in no registry."""
    real = hub.runtime.api.resolve
    monkeypatch.setattr(
        hub.runtime.api,
        "resolve",
        lambda reference, task=None: replace(real(reference, task=task), notice="nobody vouches for it"),
    )


@pytest.mark.parametrize("call", [hub.load, hub.pull, hub.plan])
def test_a_notice_is_a_warning_at_the_callers_line(noticed, call):
    with pytest.warns(hub.HubWarning, match="nobody vouches for it") as caught:
        given = call("talker:plain")
    assert caught[0].filename == __file__
    if call is hub.load:
        given.close()


def test_a_notice_goes_to_the_progress_where_there_is_one(noticed):
    from hub.store.progress import Silent

    class Heard(Silent):
        said = ""

        def say(self, text):
            self.said += text

    heard = Heard()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hub.load("talker", progress=heard).close()
    assert "nobody vouches for it" in heard.said


def test_a_worker_behind_the_api_answers_and_is_gone_after_close():
    with hub.load("talker", worker=True) as model:
        pid = int(model.infer("pid")["generated_text"])
        assert pid != os.getpid()
        assert list(model.stream("a b")) == ["a", " b"]
    assert not is_running(pid)


REAL = """
import sys
from concurrent.futures import ThreadPoolExecutor
import hub

worker = sys.argv[1] == "worker"
with hub.load("all-minilm-l6-v2", backend="onnx", compress="int8", worker=worker) as model:
    texts = [f"sentence number {index}" for index in range(32)]
    together = model.infer(texts, batch_size=1)
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(model.infer, texts))
    assert together.shape == (32, 384)
    assert all((one == other).all() for one, other in zip(alone, together, strict=True))
with hub.load("smollm2-135m", worker=worker, threads=1) as model:
    asked = ["Who wrote Romeo and Juliet?", "What is 2+2?"] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: model.infer(text, max_tokens=16)["generated_text"], asked))
        streamed = list(pool.map(lambda text: "".join(model.stream(text, max_tokens=16)), asked))
    assert len(set(answers)) == 2
    assert answers == streamed
    assert "Shakespeare" in answers[0]
"""


MEMORY = """
import sys
from pathlib import Path
import hub

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

def use():
    model = hub.load(sys.argv[1])
    model.infer("hello", **({"max_tokens": 2} if "max_tokens" in model.options else {}))
    held = resident()
    model.close()
    return held

use()  # libraries stay
before = resident()
held = use()
print(held - before, resident() - before)
"""


@pytest.mark.weights
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("reference", ["all-minilm-l6-v2:onnx", "smollm2-135m"])
def test_close_gives_the_memory_of_a_real_model_back(weights_home, reference):
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, reference],
        env={**os.environ, "HUB_HOME": str(weights_home), "HUB_REGISTRIES": "", "HUB_DISABLE_PLUGINS": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    held, left = map(int, done.stdout.split())
    assert held > 20_000
    assert left < held / 4


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("where", ["here", "worker"])
def test_eight_threads_share_one_real_model(weights_home, where):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", REAL, where],
        env={**os.environ, "HUB_HOME": str(weights_home), "HUB_REGISTRIES": "", "HUB_DISABLE_PLUGINS": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")


INTERRUPTED = """
import os, signal, sys, threading
import hub

with hub.load("smollm2-135m", worker=sys.argv[1] == "worker") as model:
    threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        model.infer("Write a very long story about the sea.")
    except KeyboardInterrupt:
        print("interrupted")
    print(model.infer("Hello!", max_tokens=3)["generated_tokens"])
"""


@pytest.mark.weights
@pytest.mark.parametrize("where", ["here", "worker"])
def test_ctrl_c_ends_a_whole_answer_and_the_model_goes_on(weights_home, where):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, where],
        env={**os.environ, "HUB_HOME": str(weights_home), "HUB_REGISTRIES": "", "HUB_DISABLE_PLUGINS": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["interrupted", "3"], "")
