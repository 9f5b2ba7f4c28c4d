"""Opening files: broken ones, what is left open or printed, and what comes back at close."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from hub_llamacpp.backend import open_model, probe
from hub_llamacpp.fixtures.gguf_files import random_bert, write

from hub.errors import InferenceError
from hub.runtime.protocols import Chat, Sampling
from plugins.llamacpp.tests.conftest import request


def test_the_processor_is_always_found():
    found = probe()
    assert found.devices[-1] == "cpu"
    assert "xllamacpp" in found.versions


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not begin as a GGUF file"),
        (b"not a model at all, but long enough to be read", "does not begin as a GGUF file"),
        (b"GGUF\x63\x00\x00\x00" + bytes(24), "GGUF version 99"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 64, "inside its header|string of"),
    ],
)
def test_a_file_that_is_no_model_is_named_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(InferenceError, match=f"broken.gguf cannot be loaded: .*({reason})"):
        open_model(request(path))


def test_an_architecture_that_the_library_does_not_know_is_named(tmp_path):
    path = write(tmp_path / "new.gguf", {"general.architecture": "of-tomorrow"}, {"x": np.zeros((2, 2), np.float32)})
    with pytest.raises(InferenceError, match="unknown model architecture: 'of-tomorrow'") as caught:
        open_model(request(path))
    assert "upgrade xllamacpp" in caught.value.hint


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InferenceError, match=r"no .gguf file"):
        open_model(request(tmp_path / "mmproj-model.gguf"))


def test_a_session_can_be_closed_as_soon_as_it_is_open(tmp_path):
    path = random_bert(tmp_path / "encoder.gguf")
    for _ in range(50):  # without the wait for the server's loop, one of some dozens never returns
        open_model(request(path, "embed", threads=1)).close()


@pytest.mark.weights
def test_a_file_that_was_cut_is_refused(smollm, tmp_path):
    cut = tmp_path / "cut.gguf"
    with smollm.open("rb") as stream:
        cut.write_bytes(stream.read(40_000_000))
    with pytest.raises(InferenceError, match=r"cut.gguf cannot be loaded: it ends after 40000000 bytes, and tensor"):
        open_model(request(cut))


@pytest.mark.weights
def test_nothing_is_printed_and_nothing_listens(smollm, capfd):
    session = open_model(request(smollm, context_length=128, threads=1))
    try:
        session.chat(Chat(prompt="Hello", sampling=Sampling(max_tokens=2)), lambda _: False)
        connections = psutil.Process().net_connections(kind="inet")
        assert [found for found in connections if found.status == psutil.CONN_LISTEN] == []
        sockets = [found.laddr for found in psutil.Process().net_connections(kind="unix") if found.laddr]
        assert [name for name in sockets if Path(str(name)).exists() and "hub-" in str(name)] == []
    finally:
        session.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.weights
def test_close_gives_the_memory_back(smollm):
    script = f"""
import gc, psutil
from pathlib import Path
from hub.runtime.protocols import Chat, Sampling
from plugins.llamacpp.tests.conftest import request
from hub_llamacpp.backend import open_model
def resident():
    gc.collect()
    return psutil.Process().memory_info().rss
path = Path({str(smollm)!r})
before = resident()
session = open_model(request(path, context_length=4096, threads=2))
session.chat(Chat(prompt="Hello", sampling=Sampling(max_tokens=2)), lambda _: False)
opened = resident()
session.close()
print(opened - before, resident() - before)
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    opened, closed = map(int, found.stdout.split())
    assert opened > 150_000_000
    assert closed < 40_000_000
