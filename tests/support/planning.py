"""Entries and hosts made by hand, for shapes of plans that no installed plugin has. No runtime is behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from hub.errors import InferenceError
from hub.plugin.builtin import hub_formats, hub_tasks
from hub.plugin.host import Host, Provided
from hub.plugin.specs import BackendSpec, FormatSpec, ModelSpec, TaskSpec, TransformSpec
from hub.registry.schema import File, Model, Variant
from hub.runtime.protocols import Probe
from hub.runtime.references.target import Target
from hub.types import Estimate, Facts

HERE = "tests.support.planning"
GIB = 1 << 30
probed: list[str] = []


def make_host(*specs: object) -> Host:
    """A host with the built-in formats and these specs, all given by one plugin."""
    tables: dict[str, dict[str, Any]] = {
        name: {} for name in ("tasks", "formats", "backends", "transforms", "models", "kinds", "sources")
    }
    tables["tasks"] = {
        spec.id: Provided(spec=spec, plugin="hub", distribution="openmodelhub", version="1.0") for spec in hub_tasks()
    }
    kinds = {
        FormatSpec: "formats",
        BackendSpec: "backends",
        TransformSpec: "transforms",
        ModelSpec: "models",
        TaskSpec: "tasks",
    }
    for spec in (*hub_formats(), *specs):
        provided = Provided(spec=spec, plugin="fake", distribution="fake-plugin", version="1.0")
        tables[kinds[type(spec)]][spec.id] = provided  # type: ignore[attr-defined]
    return Host((), tables)


def backend(name: str = "fake", formats: Sequence[str] = ("onnx",), **fields: Any) -> BackendSpec:
    """A backend that answers `run` on the CPU, unless told otherwise."""
    return BackendSpec(id=name, formats=tuple(formats), **{"verbs": ("run",), "target": f"{HERE}:nothing", **fields})


def model_plugin(name: str = "embedding", task: str = "feature-extraction", **fields: Any) -> ModelSpec:
    """A model plugin for every family that works with `run`, unless told otherwise."""
    return ModelSpec(
        id=name, task=task, **{"families": ("*",), "verbs": ("run",), "target": f"{HERE}:nothing", **fields}
    )


def transform(step: str, takes: str, gives: str | None = None, **fields: Any) -> TransformSpec:
    """A converter, or a compression where `gives` is left out."""
    name = fields.pop("name", f"{step}-{takes}")
    return TransformSpec(
        id=name,
        step=step,
        takes=(takes,),
        gives=gives,
        **{"lossy": gives is None, "target": f"{HERE}:nothing", **fields},
    )


def variant(name: str, form: str = "onnx", size: int = 1000, **fields: Any) -> Variant:
    """A variant of one weight file and a tokenizer."""
    ends = {"gguf": "model.gguf", "onnx": "model.onnx", "safetensors": "model.safetensors", "pickle": "model.pth"}
    files = (_file(ends.get(form, f"model.{form}"), size), _file("tokenizer.json", 10))
    return Variant(name=name, format=form, files=files, **fields)


def entry(*variants: Variant, task: str = "feature-extraction", family: str = "bert", **fields: Any) -> Model:
    """An entry with these variants."""
    return Model(id="maker/thing", task=task, license="MIT", summary="", variants=variants, family=family, **fields)


def target_of(model: Model, variant: str | None = None, root: Path | None = None) -> Target:
    """What the reference `thing` resolves to."""
    return Target(reference="thing", model=model, variant=variant, origin="test", root=root)


def _file(path: str, size: int) -> File:
    return File(path=path, size=size, sha256=sha256(path.encode()).hexdigest(), sources=("https://example.org/file",))


def probe_gpu() -> Probe:
    probed.append("gpu")
    return Probe(devices=("cuda", "cpu"), memory={"cuda": 8 * GIB})


def probe_cpu() -> Probe:
    probed.append("cpu")
    return Probe(devices=("cpu",))


def probe_fails() -> Probe:
    raise ImportError("libfast.so.3: cannot open shared object file")


def probe_says() -> Probe:
    raise InferenceError("the driver is too old")


def refuse(facts: Facts, verb: str) -> str | None:
    return f"{facts.family} is not supported for {verb}"


def needs_a_terabyte(facts: Facts, options: Mapping[str, object]) -> Estimate:
    return Estimate(weights=1 << 40)


def by_context(facts: Facts, options: Mapping[str, object]) -> Estimate:
    context = options["context_length"]
    assert isinstance(context, int)
    return Estimate(weights=0, cache=context * GIB)


def answers_oddly(*arguments: object) -> object:
    return object()


def predict_half(facts: Facts, options: Mapping[str, object]) -> Facts:
    return replace(facts, size=facts.size // 2)


def predict_no(facts: Facts, options: Mapping[str, object]) -> str:
    return "the graph has no MatMul"


def predict_raises(facts: Facts, options: Mapping[str, object]) -> Facts:
    raise KeyError("num_hidden_layers")


def nothing() -> None:
    """Target of specs that are only planned with."""
