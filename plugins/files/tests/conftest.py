"""Real weights, pulled once, and small classifiers of fastText that are written here."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

import hub
from tests.conftest import CACHE, hub_home, pull_once, run_hub  # noqa: F401 - fixtures

LABELS = ("en", "de")
WORDS = {"cat": (1.0, 0.0), "Katze": (0.0, 1.0)}


@pytest.fixture(scope="session")
def weights() -> Path:
    """`HUB_HOME` with the models of this package."""
    from filelock import FileLock

    home = CACHE / "files"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "files.lock"):
        for reference in ("magika", "lid176"):
            pull_once(home, reference)
    return home


@pytest.fixture
def loaded(weights, monkeypatch):
    """Load a model of this package, and close it after the test."""
    monkeypatch.setenv("HUB_HOME", str(weights))
    models = []

    def load(reference, **options):
        models.append(hub.load(reference, **options))
        return models[-1]

    yield load
    for model in models:
        model.close()


def written(path: Path, *, kind: int = 3, version: int = 12, size: int | None = None) -> Path:
    """A plain classifier of two words and two labels, with softmax, as fastText saves it."""
    dim, out = 2, np.array([[4, 0], [0, 4]], np.float32)
    # dim, ws, epoch, minCount, neg, wordNgrams, loss (softmax), model, bucket, minn, maxn, lrUpdateRate, t
    settings = struct.pack("<12id", dim, 5, 1, 1, 5, 1, 3, kind, 0, 0, 0, 100, 1e-4)
    entries = b"".join(word.encode() + b"\0" + struct.pack("<qb", 1, 0) for word in WORDS)
    entries += b"".join(f"__label__{label}".encode() + b"\0" + struct.pack("<qb", 1, 1) for label in LABELS)
    counts = struct.pack("<iiiqq", size or len(WORDS) + len(LABELS), len(WORDS), len(LABELS), 4, -1)
    rows = np.array(list(WORDS.values()), np.float32)
    matrices = b"".join(b"\0" + struct.pack("<qq", *matrix.shape) + matrix.tobytes() for matrix in (rows, out))
    path.write_bytes(struct.pack("<ii", 793712314, version) + settings + counts + entries + matrices)
    return path
