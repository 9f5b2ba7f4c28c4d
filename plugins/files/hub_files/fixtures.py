"""What `hub plugin check` tries this package on: a classifier of two words, as fastText saves it, and answers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hub.plugin import Fixture, TaskFixture, WeightsFixture

__all__ = ["fixtures"]

LABELS = ("en", "de")
WORDS = {"cat": (1.0, 0.0), "Katze": (0.0, 1.0)}
MAGIC, VERSION = 793712314, 12
SUPERVISED, SOFTMAX = 3, 3


def fixtures() -> list[Fixture]:
    """Give one for each part but Magika, whose weights are its own."""
    language = {"write": write, "format": "fasttext", "task": "language-identification"}
    parts: list[Fixture] = [
        WeightsFixture(of="formats/fasttext", **language),  # type: ignore[arg-type]  # of the fields' own types
        WeightsFixture(of="backends/fasttext", **language),  # type: ignore[arg-type]  # as above
        WeightsFixture(of="models/fasttext-language", inputs=("cat", "Katze"), **language),  # type: ignore[arg-type]
    ]
    tasks = ("file-type", "language-identification")
    return [*parts, *(TaskFixture(of=f"tasks/{task}", answers=answers, worse=worse) for task in tasks)]


def answers(samples: Sequence[Any]) -> list[Any]:
    """Give a label of its own to each."""
    return [[{"label": f"label {place}", "score": 0.9}] for place, _ in enumerate(samples)]


def worse(samples: Sequence[Any]) -> list[Any]:
    """Give the same label to all."""
    return [[{"label": "label 0", "score": 0.9}] for _ in samples]


def write(folder: Path) -> None:
    """Write a plain classifier with softmax."""
    dim, out = 2, np.array([[4, 0], [0, 4]], np.float32)
    # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
    settings = struct.pack("<12id", dim, 5, 1, 1, 5, 1, SOFTMAX, SUPERVISED, 0, 0, 0, 100, 1e-4)
    entries = b"".join(word.encode() + b"\0" + struct.pack("<qb", 1, 0) for word in WORDS)
    entries += b"".join(f"__label__{label}".encode() + b"\0" + struct.pack("<qb", 1, 1) for label in LABELS)
    counts = struct.pack("<iiiqq", len(WORDS) + len(LABELS), len(WORDS), len(LABELS), 4, -1)
    rows = np.array(list(WORDS.values()), np.float32)
    matrices = b"".join(b"\0" + struct.pack("<qq", *matrix.shape) + matrix.tobytes() for matrix in (rows, out))
    head = struct.pack("<ii", MAGIC, VERSION)
    (folder / "lid.ftz").write_bytes(head + settings + counts + entries + matrices)
