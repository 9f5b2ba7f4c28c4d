"""Weights that would run code when they are unpickled: from a registry, with everything allowed, and from a folder."""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("hub_torch", "hub_vision", "hub_image")),
    reason="needs plugins that would open such weights",
)


class Touch:
    """Makes a folder where it is unpickled: harmless, and seen."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.mkdir, (self.mark,)


def plain(mark: Path) -> bytes:
    return pickle.dumps(Touch(mark))


def protocol_0(mark: Path) -> bytes:
    return f"cposix\nmkdir\n(V{mark}\ntR.".encode()


def inside_torch(mark: Path) -> bytes:
    """A file as torch writes it, with sound tensors beside the code."""
    from io import BytesIO

    import torch

    out = BytesIO()
    torch.save({"_fc.weight": torch.zeros(2, 3), "_fc.bias": Touch(mark)}, out)
    return out.getvalue()


def through_getattr(mark: Path) -> bytes:
    """Names nothing but builtins, and reaches the rest from there."""
    return f"c__builtin__\ngetattr\n(c__builtin__\n__import__\n(Vos\ntRVmkdir\ntR(V{mark}\ntR.".encode()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of one pixel."""
    path = tmp_path / "photo.png"

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(4))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("attack", [plain, protocol_0, inside_torch, through_getattr])
def test_a_listed_pickle_with_code_runs_nothing_even_where_pickles_are_allowed(attack, photo, tmp_path, run_hub):
    mark, weights = tmp_path / "mark", tmp_path / "model.pth"
    content = attack(mark)
    weights.write_bytes(content)
    listed = {
        "path": weights.name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "sources": [f"file:{weights}"],
    }
    model = {
        "id": "evil/lite",
        "task": "image-classification",
        "license": "MIT",
        "summary": "Not what it says.",
        "family": "efficientnet-lite",
        "variants": [{"name": "pth", "format": "pickle", "files": [listed]}],
    }
    registry = tmp_path / "team.json"
    registry.write_text(json.dumps({"schema": 1, "name": "team", "models": [model], "plugins": []}))
    environment = {"HUB_REGISTRIES": str(registry)}
    refused = run_hub("run", "evil/lite", str(photo), env=environment)
    assert refused.returncode == 4, refused.stderr
    assert "--allow-pickle" in refused.stderr
    allowed = run_hub("run", "evil/lite", str(photo), "--allow-pickle", env=environment)
    assert allowed.returncode in {1, 4}, allowed.stderr
    assert "model.pth" in allowed.stderr
    assert allowed.stdout == ""
    assert not mark.exists()


def test_a_folder_with_a_pickle_is_refused_whatever_is_allowed(photo, tmp_path, run_hub):
    folder, mark = tmp_path / "model", tmp_path / "mark"
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(plain(mark))
    (folder / "config.json").write_text(json.dumps({"model_type": "vit"}))
    found = run_hub("run", str(folder), str(photo), "--allow-pickle")
    assert found.returncode == 4, found.stderr
    assert "pickle" in found.stderr
    assert not mark.exists()
