"""A runtime and transforms that stand in for real ones where a transform has to fail: a graph is a number in a file.

`run` multiplies its feed by the number. The transforms do what their names say.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hub.errors import InferenceError
from hub.plugin.host import Host
from hub.plugin.specs import TransformSpec
from hub.registry.schema import File, Model, Variant
from hub.runtime.planning.plan import Plan
from hub.runtime.planning.planner import make_plan
from hub.runtime.protocols import Emit, OpenRequest, Session, Tensor, TransformRequest
from hub.runtime.protocols import Model as TaskModel
from hub.runtime.references.sources import find_source
from hub.store.blobs import hash_file
from hub.store.store import Store
from hub.types import Artifact, OptionValue
from tests.support.planning import backend, make_host, model_plugin, target_of, transform

HERE = "tests.support.making"


class Scale(Session):
    inputs = (Tensor(name="x", dtype="float32", shape=("n",)),)
    outputs = (Tensor(name="y", dtype="float32", shape=("n",)),)

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def run(self, feeds: Any, wanted: Sequence[str] | None = None) -> Any:
        return {"y": (feeds["x"] * self._factor).astype(np.float32)}


def open_scale(request: OpenRequest) -> Scale:
    return Scale(float(request.files[0].read_text()))


class Lengths(TaskModel):
    """A vector of one number: the length of the text, scaled."""

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        assert (self.assets / "tokenizer.json").exists()
        return [self.parts[""].run({"x": np.array([len(text)], dtype=np.float32)})["y"] for text in inputs]


def _note() -> None:
    """Count the call where the test wants to know."""
    if "MAKING_COUNT" in os.environ:
        with Path(os.environ["MAKING_COUNT"]).open("a") as stream:
            stream.write("x")


def copy(request: TransformRequest) -> None:
    _note()
    assert not any(path.is_symlink() or path.stat().st_nlink > 1 for path in request.path.rglob("*"))
    (request.out / "model.onnx").write_text(request.files[0].read_text() + " ")


def double(request: TransformRequest) -> None:
    _note()
    (request.out / "model.onnx").write_text(str(float(request.files[0].read_text()) * 2))


def write_one(request: TransformRequest) -> None:
    """Forget what went in."""
    (request.out / "model.onnx").write_text("1.0")


def learn_origin(request: TransformRequest) -> None:
    """Take over the number that the recipe began with."""
    _note()
    assert request.origin is not None
    (request.out / "model.onnx").write_text((request.origin.path / "model.onnx").read_text())


def write_nothing(request: TransformRequest) -> None:
    _note()


def write_empty(request: TransformRequest) -> None:
    (request.out / "model.onnx").touch()


def write_other(request: TransformRequest) -> None:
    (request.out / "model.bin").write_text("2.0")


def write_link(request: TransformRequest) -> None:
    (request.out / "model.onnx").symlink_to(request.files[0])


def write_words(request: TransformRequest) -> None:
    (request.out / "model.onnx").write_text("no number")


def write_nan(request: TransformRequest) -> None:
    (request.out / "model.onnx").write_text("nan")


def write_infinity(request: TransformRequest) -> None:
    (request.out / "model.onnx").write_text("inf")


def write_asset(request: TransformRequest) -> None:
    copy(request)
    (request.out / "tokenizer.json").write_text("mine")


def note_request(request: TransformRequest) -> None:
    """Write down what the core gave, and once fail with a checkpoint left."""
    assert request.work is not None
    assert request.origin is not None
    checkpoint = request.work / "checkpoint"
    if not checkpoint.exists():
        checkpoint.write_text("half")
        raise InferenceError("killed half-way")
    copy(request)
    seen = {
        "inputs": list(request.inputs),
        "feeds": [feeds["x"].tolist() for feeds in request.record(request.inputs)],
        "origin": (request.origin.path / "model.onnx").read_text(),
        "checkpoint": checkpoint.read_text(),
    }
    (request.out / "seen.json").write_text(json.dumps(seen))
    request.tell("half of it")


def fail(request: TransformRequest) -> None:
    (request.out / "model.onnx").write_text("2.0")
    raise InferenceError("the graph is broken")


def leave(request: TransformRequest) -> None:
    raise SystemExit(3)


def hang(request: TransformRequest) -> None:
    copy(request)
    Path(os.environ["MAKING_STARTED"]).touch()
    time.sleep(600)


def spoil_input(request: TransformRequest) -> None:
    request.files[0].write_text("9")
    copy(request)


def making_host(*specs: TransformSpec) -> Host:
    """A host that runs graphs of one number."""
    return make_host(
        backend("scale", target=f"{HERE}:open_scale"),
        model_plugin("lengths", target=f"{HERE}:Lengths"),
        *specs,
    )


def step(name: str, function: str, **fields: Any) -> TransformSpec:
    """A transform from onnx to onnx that calls a function of this module."""
    return transform(name, "onnx", **{"lossy": True, **fields, "target": f"{HERE}:{function}"})


def pulled(folder: Path, store: Store, number: str = "3.0") -> tuple[Model, Artifact]:
    """An entry of one variant, `graph`, pulled from files that are made here."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for path, text in (("model.onnx", number), ("tokenizer.json", "{}")):
        (folder / path).write_text(text)
        sha256, size = hash_file(folder / path)
        files.append(File(path=path, size=size, sha256=sha256, sources=(f"file:{folder / path}",)))
    variant = Variant(name="graph", format="onnx", files=tuple(files))
    model = Model(id="a/b", task="feature-extraction", license="MIT", summary="", variants=(variant,), family="bert")
    artifact = store.pull(variant.weights(), label="b", model="a/b", variant="graph", sources=find_source)
    return model, artifact


def plan_for(model: Model, host: Host, store: Store, recipe: str) -> Plan:
    """The plan of a recipe on that entry."""
    return make_plan(target_of(model), host=host, store=store, recipe=recipe)
