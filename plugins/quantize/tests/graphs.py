"""Small ONNX graphs for the tests, and how ONNX Runtime answers them."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from plugins.quantize.tests.conftest import random

WORDS, WIDTH, INNER = 512, 48, 96


def write(
    path: Path,
    nodes: list[Any],
    weights: dict[str, Any],
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    **options: Any,
) -> Path:
    """Write a graph; `inputs` and `outputs` are name to (element type, shape). `external`: weights beside it."""
    graph = helper.make_graph(
        nodes,
        "the graph's own name",
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info(name, *kind) for name, kind in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    imports = [helper.make_opsetid("", options.get("opset", 17))]
    model = helper.make_model(graph, opset_imports=imports, ir_version=9, producer_name="tests")
    external = options.get("external", False)
    onnx.save_model(model, str(path), save_as_external_data=external, location=f"{path.name}_data", size_threshold=64)
    return path


def encoder(folder: Path, *, external: bool = True, opset: int = 17, spoil: str = "", half: bool = False) -> Path:
    """A table of embeddings, two products with outliers before the second, and a residual sum: ids to (n, t, WIDTH)."""
    node = helper.make_node
    kind = np.float16 if half else np.float32
    weights = {
        "table": random(WORDS, WIDTH),
        "up": random(WIDTH, INNER, seed=1) / 7,
        "gain": np.where(np.arange(INNER) % 16 == 0, 12, 1).astype(np.float32),
        "down": random(INNER, WIDTH, seed=2) / 40,
    }
    weights = {name: value.astype(kind) for name, value in weights.items()}
    if spoil:
        weights[spoil].flat[5] = np.nan
    nodes = [
        node("Gather", ["table", "ids"], ["embedded"], "embed"),
        node("MatMul", ["embedded", "up"], ["wide"], "layer/up"),
        node("Mul", ["wide", "gain"], ["spiked"], "layer/gain"),
        node("MatMul", ["spiked", "down"], ["narrow"], "layer/down"),
        node("Add", ["narrow", "embedded"], ["hidden"], "layer/residual"),
    ]
    element = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    return write(
        folder / "model.onnx",
        nodes,
        weights,
        {"ids": (TensorProto.INT64, ["n", "t"])},
        {"hidden": (element, ["n", "t", WIDTH])},
        external=external,
        opset=opset,
    )


def ids(rows: int = 8, tokens: int = 6, seed: int = 3) -> dict[str, Any]:
    """Feeds of the encoder."""
    return {"ids": np.random.default_rng(seed).integers(0, WORDS, (rows, tokens))}


def answer(path: Path, feeds: dict[str, Any]) -> Any:
    """The first output of a graph."""
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"]).run(None, feeds)[0]


def cosine(left: Any, right: Any) -> float:
    """Of all numbers of two arrays."""
    left, right = np.asarray(left, np.float64).ravel(), np.asarray(right, np.float64).ravel()
    return float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))


def operators(path: Path) -> list[str]:
    """Names of the operators of a graph."""
    return [node.op_type for node in onnx.load(str(path), load_external_data=False).graph.node]
