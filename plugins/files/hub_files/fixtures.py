"""What `hub plugin check` tries this package on: two small classifiers and answers.

One of two words, as fastText saves it; one of bytes with the settings of Magika, whose graph is computed here.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hub.plugin import Fixture, TaskFixture, WeightsFixture
from hub.runtime.protocols import OpenRequest, Session, Tensor

__all__ = ["fixtures"]

LABELS = ("en", "de")
WORDS = {"cat": (1.0, 0.0), "Katze": (0.0, 1.0)}
MAGIC, VERSION = 793712314, 12
SUPERVISED, SOFTMAX = 3, 3
ENDS = (24, 8)
"""Bytes of the beginning and of the end that the graph of file types is given."""

SETTINGS = {
    "beg_size": ENDS[0],
    "mid_size": 0,
    "end_size": ENDS[1],
    "use_inputs_at_offsets": False,
    "medium_confidence_threshold": 0.5,
    "min_file_size_for_dl": 3,
    "padding_token": 256,
    "block_size": 64,
    "target_labels_space": ["markdown", "data"],
    "thresholds": {"markdown": 0.9},
    "overwrite_map": {"data": "unknown"},
}
KINDS: dict[str, dict[str, Any]] = {
    label: {
        "mime_type": "text/plain" if is_text else "application/octet-stream",
        "group": "text" if is_text else "unknown",
        "description": f"what is called {label}",
        "extensions": [label],
        "is_text": is_text,
    }
    for label, is_text in {"markdown": True, "txt": True, "data": False, "unknown": False, "empty": False}.items()
}
Array = np.ndarray[Any, np.dtype[Any]]


def fixtures() -> list[Fixture]:
    """Give one for each part."""
    language = {"write": write, "format": "fasttext", "task": "language-identification"}
    parts: list[Fixture] = [
        WeightsFixture(of="formats/fasttext", **language),  # type: ignore[arg-type]  # of the fields' own types
        WeightsFixture(of="backends/fasttext", **language),  # type: ignore[arg-type]  # as above
        WeightsFixture(of="models/fasttext-language", inputs=("cat", "Katze"), **language),  # type: ignore[arg-type]
        WeightsFixture(
            of="models/magika",
            write=write_settings,
            format="onnx",
            task="file-type",
            family="magika",
            open=Printable.open,
            verb="run",
            inputs=(b"# A title\n\nAnd what is below it.\n", bytes(range(128, 228)), b"", b"ab"),
            expected=types,
        ),
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


def write_settings(folder: Path) -> None:
    """Write what lies beside a graph of Magika, and a number in its place."""
    (folder / "config.min.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    (folder / "content_types_kb.min.json").write_text(json.dumps(KINDS), encoding="utf-8")
    (folder / "model.onnx").write_bytes(np.array([128], "<f4").tobytes())


def types(files: Sequence[bytes]) -> list[list[dict[str, Any]]]:
    """Say what each file is: nothing, too little to ask the graph, bytes that are no text, or text."""
    found = []
    for file in files:
        label = "empty" if not file else "txt" if len(file) < 3 else "unknown" if max(file) > 127 else "markdown"
        guess = {"guess": "data"} if label == "unknown" else {}
        found.append([{"label": label, "score": 1.0, **KINDS[label], **guess}])
    return found


class Printable(Session):
    """What a runtime makes of a graph that tells text by its bytes: which share of them is below the number."""

    inputs = (Tensor(name="bytes", dtype="int32", shape=("batch", sum(ENDS))),)
    outputs = (Tensor(name="target_label", dtype="float32", shape=("batch", 2)),)
    concurrency = 4

    def __init__(self, highest: float) -> None:
        self._highest = highest

    @classmethod
    def open(cls, request: OpenRequest) -> Session:
        """Read the number."""
        return cls(float(np.frombuffer(request.files[0].read_bytes(), "<f4")[0]))

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str] | None = None) -> dict[str, Array]:
        """Tensors in, tensors out."""
        share = (feeds["bytes"] < self._highest).mean(axis=1).astype(np.float32)
        return {"target_label": np.stack([share, 1 - share], axis=1)}
