"""What `hub plugin check` tries this package on: classifiers of mean colours, and a reader that tells ink from paper.

The graphs are computed here, so that the check needs no runtime.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hub.plugin import Fixture, TaskFixture, WeightsFixture
from hub.runtime.protocols import OpenRequest, Session, Tensor
from hub.testing import write_safetensors

__all__ = ["fixtures"]

Array = np.ndarray[Any, np.dtype[Any]]
LABELS = ("red", "green", "blue", "grey")
PARTS = ("det", "cls", "rec")
CONFIG = {
    "model_type": "vit",
    "architectures": ["ViTForImageClassification"],
    "id2label": dict(enumerate(LABELS)),
}
PLAIN = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": False,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": False,
}


def fixtures() -> list[Fixture]:
    """Give one for each part."""
    colours = {"format": "safetensors", "task": "image-classification", "open": Colours.open, "verb": "run"}
    return [
        TaskFixture(of="tasks/image-classification", answers=labels, worse=same_label),
        TaskFixture(of="tasks/image-to-text", answers=texts, worse=shorter_texts),
        WeightsFixture(
            of="models/image-classification", write=write, inputs=pictures(), expected=expected, tolerance=1e-5,
            family="vit", **colours,  # type: ignore[arg-type]  # of the fields' own types
        ),
        WeightsFixture(
            of="models/efficientnet-lite", write=partial(write, processing=None), family="efficientnet-lite",
            **colours,  # type: ignore[arg-type]  # as above
        ),
        WeightsFixture(
            of="models/pp-ocr", write=write_parts, format="onnx", task="image-to-text", family="pp-ocr",
            parts={part: (f"{part}/*",) for part in PARTS}, open=Ink.open, verb="run",
        ),
    ]  # fmt: skip


def weights() -> Array:
    """Give logits for each of three colours, float32 (3, labels)."""
    return np.array([[4, -2, -2, 0], [-2, 4, -2, 0], [-2, -2, 4, 0]], "<f4")


def write(folder: Path, *, processing: Mapping[str, object] | None = PLAIN) -> None:
    """Write a classifier."""
    write_safetensors(folder / "model.safetensors", {"colours": weights()})
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    if processing is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(processing), encoding="utf-8")


def write_parts(folder: Path) -> None:
    """Write a number for each part."""
    for part in PARTS:
        (folder / part).mkdir()
        (folder / part / "model.onnx").write_bytes(np.array([0.5], "<f4").tobytes())


def pictures() -> list[Array]:
    """Give noise in four sizes, each of another colour, uint8 (height, width, 3)."""
    random = np.random.default_rng(3)
    sizes = ((24, 40), (40, 24), (32, 32), (9, 70))
    return [random.integers(0, 100 + 40 * place, (*size, 3), dtype=np.uint8) for place, size in enumerate(sizes)]


def expected(given: Sequence[Array]) -> list[list[dict[str, Any]]]:
    """Compute the labels of each picture from its mean colour, in float64, the likeliest first."""
    found = []
    for picture in given:
        logits = picture.reshape(-1, 3).astype(np.float64).mean(axis=0) / 255 @ weights().astype(np.float64)
        shares = np.exp(logits) / np.exp(logits).sum()
        found.append([{"label": LABELS[place], "score": float(shares[place])} for place in np.argsort(-shares)])
    return found


def labels(samples: Sequence[Any]) -> list[Any]:
    """Give a label of its own to each."""
    return [[{"label": f"label {place}", "score": 0.9}] for place, _ in enumerate(samples)]


def same_label(samples: Sequence[Any]) -> list[Any]:
    """Give the same label to all."""
    return [[{"label": "label 0", "score": 0.9}] for _ in samples]


def texts(samples: Sequence[Any]) -> list[Any]:
    """Read a line on each."""
    return [{"generated_text": f"page {place}", "boxes": []} for place, _ in enumerate(samples)]


def shorter_texts(samples: Sequence[Any]) -> list[Any]:
    """Miss a letter of each."""
    return [{"generated_text": f"age {place}", "boxes": []} for place, _ in enumerate(samples)]


class Colours(Session):
    """What a runtime makes of a classifier: logits of mean colours."""

    inputs = (Tensor(name="pixel_values", dtype="float32", shape=("batch", 3, "height", "width")),)
    outputs = (Tensor(name="logits", dtype="float32", shape=("batch", len(LABELS))),)
    concurrency = 4

    def __init__(self, rows: Array) -> None:
        self._rows = rows

    @classmethod
    def open(cls, request: OpenRequest) -> Session:
        """Read the weights."""
        content = request.files[0].read_bytes()
        return cls(np.frombuffer(content[8 + int.from_bytes(content[:8], "little") :], "<f4").reshape(3, -1))

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str] | None = None) -> dict[str, Array]:
        """Tensors in, tensors out."""
        return {"logits": feeds["pixel_values"].mean(axis=(2, 3)) @ self._rows}


class Ink(Session):
    """What a runtime makes of the parts of a reader: where it is dark, which way is up, and a letter for each place."""

    inputs = (Tensor(name="x", dtype="float32", shape=("batch", 3, "height", "width")),)
    outputs = (Tensor(name="y", dtype="float32", shape=("batch", "first", "second")),)
    concurrency = 4

    def __init__(self, part: str, dark: float) -> None:
        self._part, self._dark = part, dark
        self.metadata = {"character": "\n".join("abcdefgh")}

    @classmethod
    def open(cls, request: OpenRequest) -> Session:
        """Read the number of the part."""
        return cls(request.part, float(np.frombuffer(request.files[0].read_bytes(), "<f4")[0]))

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str] | None = None) -> dict[str, Array]:
        """Tensors in, tensors out."""
        ink = (feeds["x"].mean(axis=1) < self._dark).astype(np.float32)
        if self._part == "det":
            rows = np.repeat(ink.max(axis=2, keepdims=True), ink.shape[2], axis=2)  # lines over the whole width
            return {"y": 0.9 * rows[:, None]}
        if self._part == "cls":
            return {"y": np.repeat(np.array([[0.95, 0.05]], np.float32), len(ink), axis=0)}
        columns = ink[:, :, : ink.shape[2] // 8 * 8].mean(axis=1).reshape(len(ink), -1, 8).mean(axis=2)
        return {"y": 0.9 * np.eye(10, dtype=np.float32)[np.rint(columns * 8).astype(int)]}
