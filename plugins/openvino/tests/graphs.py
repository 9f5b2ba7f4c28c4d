"""Writes small graphs in OpenVINO IR for the tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

Build = Callable[..., ov.Node]


def write(folder: Path, build: Build, *shapes: list, dtype=np.float32, name: str = "model") -> Path:
    """A graph over inputs `a`, `b`, … with one output `found`; -1 is a symbolic size."""
    inputs = [ops.parameter(shape, dtype) for shape in shapes]
    for letter, each in zip("abc", inputs, strict=False):
        each.output(0).get_tensor().set_names({letter})
    node = build(*inputs)
    node.output(0).get_tensor().set_names({"found"})
    path = folder / f"{name}.xml"
    ov.save_model(ov.Model([node], inputs, "small"), path, compress_to_fp16=False)
    return path


def weighted(folder: Path, *, rows: int = 16, seed: int = 0) -> tuple[Path, np.ndarray]:
    """A product with random weights, float32 (rows, rows)."""
    weights = np.random.default_rng(seed).normal(size=(rows, rows)).astype(np.float32)
    return write(folder, lambda a: ops.matmul(a, ops.constant(weights), False, False), [-1, rows]), weights
