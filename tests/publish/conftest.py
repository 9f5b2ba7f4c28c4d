from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.changing import TOY, Files, Project, git
from tests.support.registries import model


@pytest.fixture
def files() -> Iterator[Files]:
    with Files() as server:
        yield server


@pytest.fixture
def with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy plugin, in the processes that a test starts."""
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(TOY), before))))


@pytest.fixture(scope="session")
def shared_mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A hub of one's own, in a process of its own: ada may write, bob too, and eve only reads."""
    pytest.importorskip("hub_mirror")
    from tests.support.mirror import Mirror

    mirror = Mirror(tmp_path_factory.mktemp("mirror") / "root")
    mirror.add_user("ada")
    mirror.add_user("bob")
    mirror.add_user("eve", role="read")
    mirror.start()
    yield mirror
    mirror.stop()


@pytest.fixture
def mirror(shared_mirror, monkeypatch: pytest.MonkeyPatch):
    """The same, as the hub `team` of this test, with the token of ada."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setenv("HUB_HUBS", f"team={shared_mirror.url}")
    monkeypatch.setenv("HUB_TOKEN_TEAM", shared_mirror.tokens["ada"])
    return shared_mirror


def safetensors(values: int = 64) -> bytes:
    """A real file of one tensor."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [values], "data_offsets": [0, 4 * values]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(range(256)) * (4 * values // 256)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that its author wants to publish, and things that are nobody's business beside it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1}')
    (folder / "LICENSE").write_text("Do as you like.")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("[core]")
    (folder / "train.py").write_text("print()")
    (folder / ".env").write_text("HF_TOKEN=hf_" + "x" * 34)
    return folder


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare git repository with a registry."""
    Project(tmp_path / "upstream", model("acme/known"), name="team", maintainers=["mia"])
    bare = tmp_path / "registry.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "upstream"), str(bare))
    return bare
